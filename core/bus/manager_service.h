#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/bus/controls.h"
#include "core/bus/image_calls.h"
#include "core/bus/message.h"
#include "core/bus/output_log.h"
#include "core/bus/properties.h"
#include "core/bus/watch_stream.h"

namespace schedkit {

// The object /io/schedkit/Manager1 with interface io.schedkit.Manager1 on any number of connections:
//
//   Run(s scheduler, a{sv} options)   options: mode (s), args (as), until (s)
//   Stop(), Auto(), Reload()
//   Status() -> s                     JSON, status_json.h
//   Explain(s rule, s form) -> s      form "json" or "text", explanation.h; rule: "" for all
//   History(u count) -> s             JSON, history_json.h: the last ones, oldest first, at most 1000
//   Logs(s scheduler, b follow) -> a(ss)
//                                     scheduler and line, oldest first, "" for all schedulers; with follow the signal
//                                     Output(s scheduler, s line) for each that comes, to this connection until it ends
//   ClearQuarantine(s which) -> u     a scheduler's name or digest, "" for all; how many there were
//   Watch()                           signals Watched(s line) from now on until the client goes, watch_stream.h; on a
//                                     private connection only
//   ListRules() -> a(ssisx)           rule, use, priority, state, milliseconds until the state changes by time or -1
//   ListPolicyFiles() -> a(ssssssa(uus)a(uus))
//                                     path, layer, state, hidden by, sha256 seen, sha256 in force, errors and warnings
//                                     as (line, column, text)
//   Pull(s reference, a{sv} options) -> o
//                                     options: allow-unsigned (b), allow-downgrade (b), trust-policy (s, a path); the
//                                     job has io.schedkit.Job1, image_calls.cc, and ends with its client
//   ListImages() -> a(ssbxtt)         reference, digest, whether the reference means it now, seconds since 1970 when it
//                                     was pulled, bytes of its blobs, bytes on the disk
//   RemoveImage(s reference), PruneImages(b all) -> as removed, t bytes freed, t bytes left
//   VerifyImages() -> as              what is wrong
//   VerifyTrust(s reference, a{sv} options) -> b trusted, s report
//                                     options as of Pull; the report is JSON, core/image/trust_report.h
//   properties: properties.h
//
// Run, Stop and Auto answer when the kernel has confirmed, Reload when the files are in force or reported. Errors are
// named io.schedkit.Error.*, names.h.
class ManagerService final : private Watcher {
 public:
  // `images` may be null.
  ManagerService(Controls& controls, const Clock& clock, ImageCommands* images = nullptr);
  ~ManagerService() override;
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
    sd_bus* bus() const { return bus_; }
    ImageCalls& images() { return images_; }
    // Who sent `call`.
    std::string caller(sd_bus_message* call) const;
    // Errc::denied on a bus, where others would hear it.
    Result<void> watch();
    // Nothing waits to be written.
    void drained();
    int logs(sd_bus_message* call);

   private:
    friend class ManagerService;
    Result<void> add_object();
    void tell(const Properties& before, const Properties& after) const;
    void tell(const OutputLine& line) const;

    ManagerService& service_;
    sd_bus* bus_;
    std::string peer_;
    SlotPtr slot_;
    ImageCalls images_;
    std::unique_ptr<WatchStream> stream_;
    std::optional<std::string> followed_;  // whose output it wants to be told; "" is everybody's
  };
  // `peer` names who is at the other end, for status and log; empty on a bus, where each message names its sender.
  Result<std::unique_ptr<Attachment>> attach(sd_bus* bus, std::string peer);

  // To be called whenever something in Controls::status() may have changed. Tells the properties that did in one
  // PropertiesChanged signal on each connection. Costs one status(); without a difference nothing is sent.
  void changed();

  // What a scheduler printed: kept for Logs, and told to those who follow.
  void output(const std::string& scheduler, const std::string& line);

 private:
  void saw(Instant at, const SimulatedAction& action) override;
  void decided(Instant at, const Decision& decision) override;
  void happened(Instant at, const HistoryEntry& entry) override;
  void tell_streams(Instant at, const std::string& object);
  void follow_streams();

  Controls& controls_;
  const Clock& clock_;
  ImageCommands* images_;
  std::vector<Attachment*> attachments_;
  Properties told_;
  OutputLog output_log_;
};

}  // namespace schedkit
