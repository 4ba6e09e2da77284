#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/bus/controls.h"
#include "core/bus/message.h"
#include "core/bus/properties.h"

namespace schedkit {

// The object /io/schedkit/Manager1 with interface io.schedkit.Manager1 on any number of connections:
//
//   Run(s scheduler, a{sv} options)   options: mode (s), args (as), until (s)
//   Stop(), Auto(), Reload()
//   Status() -> s                     JSON, status_json.h
//   Explain(s rule, s form) -> s      form "json" or "text", explanation.h; rule: "" for all
//   History(u count) -> s             JSON, history_json.h: the last ones, oldest first, at most 1000
//   ClearQuarantine(s which) -> u     a scheduler's name or digest, "" for all; how many there were
//   ListRules() -> a(ssisx)           rule, use, priority, state, milliseconds until the state changes by time or -1
//   ListPolicyFiles() -> a(ssssssa(uus)a(uus))
//                                     path, layer, state, hidden by, sha256 seen, sha256 in force, errors and warnings
//                                     as (line, column, text)
//   properties: properties.h
//
// Run, Stop and Auto answer when the kernel has confirmed, Reload when the files are in force or reported. Errors are
// named io.schedkit.Error.*, names.h.
class ManagerService {
 public:
  ManagerService(Controls& controls, const Clock& clock);
  ~ManagerService();
  ManagerService(const ManagerService&) = delete;
  ManagerService& operator=(const ManagerService&) = delete;

  // The object on one connection; goes before its bus and before the service. Calls that wait for an answer may outlive
  // it: they find the connection closed.
  class Attachment {
   public:
    Attachment(ManagerService& service, sd_bus* bus, std::string peer);
    ~Attachment();
    Attachment(const Attachment&) = delete;
    Attachment& operator=(const Attachment&) = delete;

    Controls& controls() const { return service_.controls_; }
    const Clock& clock() const { return service_.clock_; }
    // Who sent `call`.
    std::string caller(sd_bus_message* call) const;

   private:
    friend class ManagerService;
    Result<void> add_object();
    void tell(const Properties& before, const Properties& after) const;

    ManagerService& service_;
    sd_bus* bus_;
    std::string peer_;
    SlotPtr slot_;
  };
  // `peer` names who is at the other end, for status and log; empty on a bus, where each message names its sender.
  Result<std::unique_ptr<Attachment>> attach(sd_bus* bus, std::string peer);

  // To be called whenever something in Controls::status() may have changed. Tells the properties that did in one
  // PropertiesChanged signal on each connection. Costs one status(); without a difference nothing is sent.
  void changed();

 private:
  Controls& controls_;
  const Clock& clock_;
  std::vector<Attachment*> attachments_;
  Properties told_;
};

}  // namespace schedkit
