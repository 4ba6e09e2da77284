#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/bus/authority.h"
#include "core/bus/client_holds.h"
#include "core/bus/client_watch.h"
#include "core/bus/controls.h"
#include "core/bus/loader_properties.h"
#include "core/bus/message.h"
#include "core/loop/loop.h"
#include "core/loop/timer.h"
#include "core/policy/image_commands.h"

namespace schedkit {

// The object /org/scx/Loader with interface org.scx.Loader, as scx_loader serves it and its clients (scxctl, scxtui,
// scx-manager) know it, with honest answers: a call returns when the kernel has confirmed, or fails within ten seconds
// with the reason. Start* and Switch* are an override as long as `[override] loader-until` says, StopScheduler one to the
// kernel's own scheduler, RestoreDefault is Auto, HoldScheduler and ReleaseScheduler are holds. docs/dbus.md
//
// Everything that changes something asks polkit for org.scx.loader.manage-schedulers, as scx_loader does.
class LoaderService {
 public:
  // All must outlive it, and it goes before the bus. `images` may be null.
  static Result<std::unique_ptr<LoaderService>> create(Loop& loop, sd_bus* bus, Authority& authority,
                                                       Controls& controls, ImageCommands* images);
  ~LoaderService();
  LoaderService(const LoaderService&) = delete;
  LoaderService& operator=(const LoaderService&) = delete;

  // To be called whenever something may have changed: tells what did, in one PropertiesChanged.
  void changed();
  // Looks into the store again.
  void refresh();

  // Of the vtable, loader_vtable.cc.
  using Method = void (LoaderService::*)(sd_bus_message* call, const Authority::Caller& caller);
  int authorized(sd_bus_message* call, Method method);
  void start(sd_bus_message* call, const Authority::Caller& caller);
  void start_with_args(sd_bus_message* call, const Authority::Caller& caller);
  void stop(sd_bus_message* call, const Authority::Caller& caller);
  void restart(sd_bus_message* call, const Authority::Caller& caller);
  void restore_default(sd_bus_message* call, const Authority::Caller& caller);
  void hold(sd_bus_message* call, const Authority::Caller& caller);
  int release(sd_bus_message* call);
  int modes(sd_bus_message* call) const;
  int mode_args(sd_bus_message* call) const;
  int property(const char* name, sd_bus_message* answer) const;

 private:
  struct Waiting {  // a call that will be answered
    Waiting(sd_bus_message* raw, Loop& loop) : call(Message::share(raw)), timer(loop) {}
    Message call;
    Timer timer;
  };

  LoaderService(Loop& loop, sd_bus* bus, Authority& authority, Controls& controls, ImageCommands* images);
  Controls::Done answer_in_time(sd_bus_message* call);
  void run(Controls::RunCommand command, Controls::Done done);
  void run_known(Controls::RunCommand command, std::uint32_t mode, Controls::Done done);
  void list_images(std::function<void()> then);
  LoaderProperties properties() const;

  Loop& loop_;
  sd_bus* bus_;
  Authority& authority_;
  Controls& controls_;
  ImageCommands* images_;
  std::vector<std::string> references_;  // images of the store, as they were when last listed
  SlotPtr slot_;
  ClientWatch clients_;
  ClientHolds holds_;
  std::list<Waiting> waiting_;
  LoaderProperties told_;
  std::shared_ptr<const int> alive_ = std::make_shared<const int>(0);  // answers may come later
};

}  // namespace schedkit
