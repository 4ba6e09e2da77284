#pragma once

#include <memory>
#include <string>

#include "core/bus/authority.h"
#include "core/bus/bus_link.h"
#include "core/bus/bus_name.h"
#include "core/bus/loader_service.h"
#include "core/bus/manager_service.h"

namespace schedkit {

// The daemon on the system bus: the manager under io.schedkit.Manager1 and, when that is asked for, org.scx.Loader. A
// bus that is away, is restarted or gives us no name is no error: the daemon works on and comes back to it.
//
// A connection of its own, not that of BusSource: that one exists only while a rule looks at the bus, and a policy with
// more matches than the bus admits would take the names with it.
class SystemBus {
 public:
  struct Options {
    std::string address;  // empty: the system bus
    std::string marker;   // a file that is there while org.scx.Loader is claimed, so that the next daemon claims it too
  };

  // All must outlive it. `images` may be null.
  SystemBus(Loop& loop, ManagerService& service, Controls& controls, ImageCommands* images, Options options);
  ~SystemBus();

  void open();
  // Asks again for names that the bus refused, whose configuration may be another, and looks into the store.
  void refresh();
  // To be called with ManagerService::changed().
  void changed();

  bool is_up() const { return link_.is_up(); }
  bool owns_manager() const { return manager_.owned(); }
  bool owns_loader() const { return loader_.owned(); }

 private:
  void up(sd_bus* bus);
  void down();
  void serve_loader(bool serve, Controls::Done done);
  void told_manager(const Result<void>& owned);
  void told_loader(const Result<void>& owned);

  Loop& loop_;
  ManagerService& service_;
  Controls& controls_;
  ImageCommands* images_;
  const Options options_;
  Controls::Done loader_asked_;
  BusLink link_;  // goes after what has slots on it
  BusName manager_;
  BusName loader_;
  std::unique_ptr<Authority> authority_;
  std::unique_ptr<ManagerService::Attachment> attachment_;
  std::unique_ptr<LoaderService> loader_service_;
};

}  // namespace schedkit
