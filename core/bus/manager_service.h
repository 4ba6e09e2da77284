#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/bus/authority.h"
#include "core/bus/client_holds.h"
#include "core/bus/client_watch.h"
#include "core/bus/controls.h"
#include "core/bus/image_calls.h"
#include "core/bus/message.h"
#include "core/bus/output_log.h"
#include "core/bus/properties.h"
#include "core/bus/watch_stream.h"

namespace schedkit {

// The object /io/schedkit/Manager1 with interface io.schedkit.Manager1 on any number of connections: private ones, whose
// clients may do everything, and message buses, where polkit is asked. docs/dbus.md describes the interface and
// units/io.schedkit.Manager1.xml is its text; manager_vtable.cc has the methods.
//
// Run, Stop, Auto and Hold answer when the kernel has confirmed, Reload when the files are in force or reported. Errors
// are named io.schedkit.Error.*, names.h.
class ManagerService final : private Watcher {
 public:
  // Claims org.scx.Loader, or gives it up. `done` says whether it could be had.
  using ServeLoader = std::function<void(bool serve, Controls::Done done)>;

  // `images` may be null.
  ManagerService(Controls& controls, const Clock& clock, ImageCommands* images = nullptr);
  ~ManagerService() override;
  ManagerService(const ManagerService&) = delete;
  ManagerService& operator=(const ManagerService&) = delete;

  // The object on one connection; goes before its bus and before the service. Calls that wait for an answer may outlive
  // it: they find the connection closed.
  class Attachment {
   public:
    // `by` is who called, for status and log.
    using Method = int (*)(Attachment& self, sd_bus_message* call, const std::string& by);

    Attachment(ManagerService& service, sd_bus* bus, std::string peer, Authority* authority, bool reads_only = false);
    ~Attachment();
    Attachment(const Attachment&) = delete;
    Attachment& operator=(const Attachment&) = delete;

    Controls& controls() const { return service_.controls_; }
    const Clock& clock() const { return service_.clock_; }
    sd_bus* bus() const { return bus_; }
    ImageCalls& images() { return images_; }
    ClientHolds& holds() { return holds_; }
    const ServeLoader& serve_loader() const { return service_.serve_loader_; }
    // Errc::denied on a bus, where others would hear it.
    Result<void> watch();
    // Nothing waits to be written.
    void drained();
    // The last lines, oldest first, "" for all schedulers. With `follow` the connection is told what comes, until it ends;
    // Errc::unsupported on a bus.
    Result<std::vector<OutputLine>> logs(const std::string& scheduler, bool follow);

    // Calls `method` once the caller may do `action`, else refuses `call`.
    int authorized(sd_bus_message* call, const char* action, Method method);
    // Whose holds and pulls those of `call` are; "" on a private connection, which is one client.
    std::string client(sd_bus_message* call) const;

   private:
    friend class ManagerService;
    Result<void> add_object();
    void tell(const Properties& before, const Properties& after) const;
    void tell(const OutputLine& line) const;
    void tell(const HistoryEntry& entry) const;
    void tell_policy() const;

    ManagerService& service_;
    sd_bus* bus_;
    std::string peer_;
    Authority* authority_;
    bool reads_only_;
    SlotPtr slot_;
    ClientWatch clients_;
    ClientHolds holds_;
    ImageCalls images_;
    std::unique_ptr<WatchStream> stream_;
    std::optional<std::string> followed_;  // whose output it wants to be told; "" is everybody's
  };
  // On a private connection: `peer` names who is at the other end, and may do everything, or with `reads_only` what needs
  // no polkit action.
  Result<std::unique_ptr<Attachment>> attach(sd_bus* bus, std::string peer, bool reads_only = false);
  // On a message bus, where each message names its sender. `authority` must outlive the attachment.
  Result<std::unique_ptr<Attachment>> attach(sd_bus* bus, Authority& authority);

  // Without it, ServeLoader() is refused.
  void set_serve_loader(ServeLoader serve) { serve_loader_ = std::move(serve); }

  // What changed() will tell as a signal: a transition, other policies.
  void happened(const HistoryEntry& entry);
  void policy_changed() { policy_changed_ = true; }

  // To be called whenever something in Controls::status() may have changed. Tells the properties that did in one
  // PropertiesChanged signal on each connection, then one signal for each transition. Costs one status(); without a
  // difference nothing is sent.
  void changed();

  // What a scheduler printed: kept for Logs, and told to those who follow.
  void output(const std::string& scheduler, const std::string& line);

 private:
  void saw(Instant at, const SimulatedAction& action) override;
  void decided(Instant at, const Decision& decision) override;
  void happened(Instant at, const HistoryEntry& entry) override;
  void tell_streams(Instant at, const std::string& object);
  void follow_streams();
  Result<std::unique_ptr<Attachment>> attach(std::unique_ptr<Attachment> attachment);

  Controls& controls_;
  const Clock& clock_;
  ImageCommands* images_;
  ServeLoader serve_loader_;
  std::vector<Attachment*> attachments_;
  Properties told_;
  OutputLog output_log_;
  std::vector<HistoryEntry> happened_;
  bool policy_changed_ = false;
};

}  // namespace schedkit
