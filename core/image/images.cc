#include "core/image/images.h"

#include <algorithm>
#include <utility>

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/wall_time.h"
#include "core/image/runnable.h"
#include "core/loop/work.h"

namespace schedkit {
namespace {

constexpr Duration first_retry = std::chrono::seconds(10);
constexpr Duration last_retry = std::chrono::minutes(15);

std::string key_of(const Reference& reference, const PullOptions& options) {
  return fmt::format("{} {} {} {}", reference.to_string(), options.allow_unsigned, options.allow_downgrade,
                     options.trust_policy);
}

Duration retry_after(unsigned failures) {
  Duration wait = first_retry;
  for (unsigned i = 1; i < failures && wait < last_retry; ++i) wait *= 2;
  return std::min(wait, last_retry);
}

}  // namespace

// --- finding ---

struct Images::Found {
  Result<RunnableImage> image;
  bool missing = false;  // a registry may have it
  std::int64_t checked = 0;
};

// In the pool, possibly after the end of this.
Images::Found Images::look(const Reference& reference, const Store& store, const Admission& admission,
                           const std::string& kernel_release) {
  const auto finish = [&](Result<RunnableImage> image, std::int64_t checked) -> Found {
    if (!image) return {std::move(image), reference.kind == Reference::Kind::registry};
    if (auto runs = require_kernel(*image, kernel_release); !runs) return {fail(std::move(runs.error()))};
    return {std::move(image), false, checked};
  };
  if (reference.kind == Reference::Kind::layout) {
    if (auto good = admission.recheck(reference, {}, ""); !good) return {fail(std::move(good.error()))};
    return finish(store.prepare(reference), 0);
  }
  auto stored = store.stored(reference);
  if (!stored) return {fail(std::move(stored.error())), true};
  const std::string evidence = store.evidence(*stored);
  if (auto good = admission.recheck(reference, *stored, evidence); !good) {
    // Without evidence nobody was asked yet.
    return {fail(std::move(good.error())), evidence.empty()};
  }
  return finish(store.prepare(reference), stored->checked);
}

void Images::prepare(const std::string& reference, ImageProvider::Done done) {
  run_in_pool_for(
      parts_.loop,
      [reference, store = store_, admission = parts_.admission, kernel = options_.kernel_release]() -> Found {
        auto parsed = parse_reference(reference);
        if (!parsed) return {fail(std::move(parsed.error()))};
        return look(*parsed, *store, *admission, kernel);
      },
      [this, reference, done = std::move(done), alive = std::weak_ptr(alive_)](Found found) {
        if (alive.expired()) return;
        if (found.missing) return pull_for(reference, done);
        if (wanted_.contains(reference)) take(reference, found.image, found.checked);
        done(std::move(found.image));
      });
}

void Images::pull_for(const std::string& reference, ImageProvider::Done done) {
  // It holds its own part until it is done.
  auto part = std::make_shared<std::unique_ptr<PullJob>>();
  *part = pull(reference, {}, {.on_done = [this, part, reference, done = std::move(done)](Result<RunnableImage> image) {
                 const auto self = std::move(*part);
                 if (wanted_.contains(reference)) take(reference, image, 0);
                 done(std::move(image));
               }});
}

// --- pulling ---

struct Images::Shared {
  std::unique_ptr<Pull> pull;
  std::list<Part*> parts;
};

class Images::Part final : public PullJob {
 public:
  Part(Images& owner, std::string key, PullHandlers handlers)
      : handlers(std::move(handlers)), owner_(&owner), key_(std::move(key)) {
    owner.pulls_[key_]->parts.push_back(this);
  }
  // One that fails at once.
  Part(Images& owner, Error error, PullHandlers with)
      : handlers(std::move(with)), owner_(nullptr), failing_(std::make_unique<Timer>(owner.parts_.loop)) {
    failing_->set(Duration(0), [this, error = std::move(error)] {
      const auto done = std::move(handlers.on_done);
      done(fail(error));
    });
  }
  ~Part() override {
    if (owner_ == nullptr) return;
    auto& shared = owner_->pulls_.at(key_);
    shared->parts.remove(this);
    if (shared->parts.empty()) owner_->pulls_.erase(key_);
  }

  void detach() { owner_ = nullptr; }

  PullHandlers handlers;

 private:
  Images* owner_;  // nullptr: it is over
  std::string key_;
  std::unique_ptr<Timer> failing_;
};

Images::Images(Parts parts, Store store, Options options)
    : parts_(std::move(parts)),
      store_(std::make_shared<const Store>(std::move(store))),
      options_(std::move(options)),
      timer_(std::make_unique<Timer>(parts_.loop)) {}

Images::~Images() {
  wanted_.clear();
  // A handler may own the part that it belongs to.
  std::vector<PullHandlers> handlers;
  for (auto& [key, shared] : pulls_) {
    for (Part* part : shared->parts) {
      part->detach();
      handlers.push_back(std::move(part->handlers));
    }
  }
}

std::unique_ptr<ImageCommands::PullJob> Images::pull(const std::string& reference, const PullOptions& options,
                                                     PullHandlers handlers) {
  auto parsed = parse_reference(reference);
  if (parsed && parsed->kind == Reference::Kind::layout) {
    parsed = fail(Errc::invalid, "{} lies on this machine already and is read from there", parsed->to_string());
  }
  if (!parsed) return std::make_unique<Part>(*this, std::move(parsed.error()), std::move(handlers));
  const std::string key = key_of(*parsed, options);
  auto& shared = pulls_[key];
  if (!shared) {
    shared = std::make_unique<Shared>();
    shared->pull = std::make_unique<Pull>(
        Pull::Parts{parts_.loop, parts_.clock, parts_.remote, *parts_.admission, store_, unpacking_,
                    options_.kernel_release},
        *parsed, options,
        Pull::Handlers{.on_progress =
                           [raw = shared.get()](const PullProgress& progress) {
                             for (const Part* part : raw->parts) {
                               if (part->handlers.on_progress) part->handlers.on_progress(progress);
                             }
                           },
                       .on_done = [this, key](Result<RunnableImage> image) { pulled(key, std::move(image)); }});
  }
  return std::make_unique<Part>(*this, key, std::move(handlers));
}

void Images::pulled(const std::string& key, Result<RunnableImage> image) {
  const auto shared = std::move(pulls_.at(key));
  pulls_.erase(key);
  if (image) {
    Keep keep = keep_now();
    keep.references.insert(image->reference);
    run_in_pool_for(
        parts_.loop,
        [store = store_, keep, retention = options_.retention] { return store->prune(keep, retention, false); },
        [](const Result<Store::Removed>& removed) {
          if (!removed) return log::warning("cannot clean up the store: {}", removed.error().describe());
          for (const auto& gone : removed->images) {
            log::info("removed {} {} from the store", gone.reference, gone.entry.digest.to_string());
          }
        });
  }
  for (Part* part : shared->parts) part->detach();
  std::vector<PullHandlers> handlers;
  for (Part* part : shared->parts) handlers.push_back(std::move(part->handlers));
  for (const auto& each : handlers) each.on_done(image);
}

// --- keeping ready ---

void Images::want(const std::set<std::string>& references, Report report) {
  report_ = std::move(report);
  std::erase_if(wanted_, [&](const auto& entry) { return !references.contains(entry.first); });
  for (const std::string& reference : references) {
    wanted_[reference].due = Instant::max();
    prepare(reference, [](const Result<RunnableImage>&) {});
  }
  set_timer();
}

void Images::take(const std::string& reference, const Result<RunnableImage>& image, std::int64_t checked) {
  Wanted& wanted = wanted_.at(reference);
  const Instant now = parts_.clock.now();
  wanted.ready = image.has_value();
  wanted.due = Instant::max();
  const auto parsed = parse_reference(reference);
  const bool may_move = parsed && parsed->kind == Reference::Kind::registry && !parsed->digest;
  if (image && may_move) {
    wanted.failures = 0;
    const auto wall = parts_.clock.wall_now();
    const auto seen = checked > 0 ? std::min(wall, wall_time(checked)) : wall;
    wanted.due = now + std::max(Duration(0), seen + options_.refresh - wall);
  } else if (!image && may_pass(image.error())) {
    wanted.due = now + retry_after(++wanted.failures);
  }
  set_timer();
  if (report_) report_(reference, image);
}

void Images::set_timer() {
  Instant next = Instant::max();
  for (const auto& [reference, wanted] : wanted_) next = std::min(next, wanted.due);
  if (next == Instant::max()) return timer_->cancel();
  timer_->set_at(next, [this] { tick(); });
}

void Images::tick() {
  const Instant now = parts_.clock.now();
  std::vector<std::string> due;
  for (auto& [reference, wanted] : wanted_) {
    if (wanted.due > now) continue;
    wanted.due = Instant::max();
    due.push_back(reference);
  }
  for (const std::string& reference : due) {
    Wanted& wanted = wanted_.at(reference);
    if (wanted.ready) {
      refresh(reference, wanted);
    } else {
      prepare(reference, [](const Result<RunnableImage>&) {});
    }
  }
  set_timer();
}

void Images::refresh(const std::string& reference, Wanted& wanted) {
  const auto parsed = parse_reference(reference);
  wanted.call = parts_.remote.resolve(*parsed, [this, reference](Result<Digest> digest) {
    Wanted& here = wanted_.at(reference);
    const auto call = std::move(here.call);
    if (digest) {
      here.failures = 0;
      return renew(reference, *digest);
    }
    log::warning("{} could not be looked up, what is here stays in use: {}", reference, digest.error().describe());
    here.due = parts_.clock.now() + std::max(retry_after(++here.failures), options_.refresh / 24);
    set_timer();
  });
}

void Images::renew(const std::string& reference, const Digest& digest) {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(parts_.clock.wall_now().time_since_epoch());
  run_in_pool_for(
      parts_.loop,
      [store = store_, reference, digest, now]() -> Result<bool> {
        auto stored = store->stored(*parse_reference(reference));
        if (!stored || stored->top != digest) return false;
        stored->checked = now.count();
        auto renewed = store->renew(*stored);
        return renewed ? Result<bool>(true) : fail(std::move(renewed.error()));
      },
      [this, reference, alive = std::weak_ptr(alive_)](const Result<bool>& same) {
        if (alive.expired() || !wanted_.contains(reference)) return;
        Wanted& wanted = wanted_.at(reference);
        wanted.due = parts_.clock.now() + options_.refresh;
        set_timer();
        if (same && *same) return;
        wanted.pull = pull(reference, {}, {.on_done = [this, reference](Result<RunnableImage> image) {
                             const auto part = std::move(wanted_.at(reference).pull);
                             if (image) return take(reference, image, 0);
                             log::warning("the new version of {} is not taken, the one here stays in use: {}",
                                          reference, image.error().describe());
                           }});
      });
}

}  // namespace schedkit
