#include "core/bus/system_bus.h"

#include <unistd.h>

#include <utility>

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/bus/names.h"

namespace schedkit {

SystemBus::SystemBus(Loop& loop, ManagerService& service, Controls& controls, ImageCommands* images, Options options)
    : loop_(loop),
      service_(service),
      controls_(controls),
      images_(images),
      options_(std::move(options)),
      link_(
          loop, options_.address, [this](sd_bus* bus) { up(bus); }, [this] { down(); }),
      manager_(bus::manager_name, [this](const Result<void>& owned) { told_manager(owned); }),
      loader_(bus::loader_name, [this](const Result<void>& owned) { told_loader(owned); }) {
  service_.set_serve_loader([this](bool serve, Controls::Done done) { serve_loader(serve, std::move(done)); });
}

SystemBus::~SystemBus() { service_.set_serve_loader({}); }

void SystemBus::open() {
  manager_.claim();
  if (!options_.marker.empty() && ::access(options_.marker.c_str(), F_OK) == 0) loader_.claim();
  link_.open();
}

// The objects are there before the names are.
void SystemBus::up(sd_bus* bus) {
  authority_ = std::make_unique<Authority>(bus);
  auto attachment = service_.attach(bus, *authority_);
  auto loader = LoaderService::create(loop_, bus, *authority_, controls_, images_);
  if (!attachment || !loader) {
    log::error("cannot serve the system bus: {}", (!attachment ? attachment.error() : loader.error()).describe());
    return;
  }
  attachment_ = std::move(*attachment);
  loader_service_ = std::move(*loader);
  manager_.up(bus);
  loader_.up(bus);
}

void SystemBus::down() {
  manager_.down();
  loader_.down();
  loader_service_.reset();
  attachment_.reset();
  authority_.reset();
  if (const auto asked = std::exchange(loader_asked_, nullptr)) asked(fail(Errc::io, "the system bus went away"));
}

void SystemBus::refresh() {
  if (!link_.is_up()) return;
  if (!manager_.owned()) manager_.claim();
  if (loader_.claimed() && !loader_.owned()) loader_.claim();
  if (loader_service_) loader_service_->refresh();
}

void SystemBus::changed() {
  if (loader_service_) loader_service_->changed();
}

void SystemBus::told_manager(const Result<void>& owned) {
  if (owned) return log::info("serving {} on the system bus", manager_.name());
  log::warning("{}", owned.error().describe());
}

void SystemBus::told_loader(const Result<void>& owned) {
  if (owned) log::info("serving {} on the system bus", loader_.name());
  if (!owned) log::warning("{}", owned.error().describe());
  const auto asked = std::exchange(loader_asked_, nullptr);
  if (!asked) return;
  if (owned) {
    auto kept = options_.marker.empty() ? Result<void>() : write_file_atomic(options_.marker, "");
    return asked(std::move(kept));
  }
  loader_.give_up();
  asked(owned);
}

void SystemBus::serve_loader(bool serve, Controls::Done done) {
  if (!serve) {
    loader_.give_up();
    if (!options_.marker.empty()) ::unlink(options_.marker.c_str());
    return done({});
  }
  if (loader_.owned()) return done({});
  if (!link_.is_up()) return done(fail(Errc::io, "the system bus is not there: {}", link_.trouble()));
  if (const auto asked = std::exchange(loader_asked_, std::move(done))) asked(fail(Errc::cancelled, "asked again"));
  loader_.claim();
}

}  // namespace schedkit
