#include "core/image/pull.h"

#include <utility>

#include "core/base/text.h"
#include "core/image/document_source.h"
#include "core/image/runnable.h"
#include "core/loop/work.h"

namespace schedkit {
namespace {

// How often a layer that came in for somebody else is asked for again.
constexpr int most_attempts = 5;

// How long layers are fetched one after the other.
constexpr Duration one_by_one = std::chrono::milliseconds(100);

bool is_about_content(const Error& error) {
  return error.code == Errc::integrity || error.code == Errc::invalid || error.code == Errc::limit;
}

std::shared_ptr<Staging> removed_in_pool(Loop& loop, Staging staging) {
  return {new Staging(std::move(staging)), [&loop](Staging* old) {
            run_in_pool(
                loop, [old] { delete old; }, [] {});
          }};
}

}  // namespace

struct Pull::Documents final : BlobSource {
  Result<std::unique_ptr<ByteSource>> open_blob(const Descriptor& descriptor) override {
    const auto found = texts.find(descriptor.digest);
    if (found == texts.end()) {
      wanted = descriptor;
      return fail(Errc::not_found, "{} was not fetched yet", descriptor.digest.to_string());
    }
    if (found->second.size() != descriptor.size) {
      return fail(Errc::integrity, "{} has {} bytes, not the {} that its parent says", descriptor.digest.to_string(),
                  found->second.size(), descriptor.size);
    }
    return std::make_unique<DocumentSource>(found->second);
  }

  std::map<Digest, std::string> texts;
  std::optional<Descriptor> wanted;
};

struct Pull::Layers final : BlobSource {
  explicit Layers(std::shared_ptr<Staging> in) : staging(std::move(in)) {}

  Result<std::unique_ptr<ByteSource>> open_blob(const Descriptor& descriptor) override {
    const auto found = incoming.find(descriptor.digest);
    if (found == incoming.end()) return open_blob_file(staging->blob_path(descriptor.digest), descriptor);
    return found->second->open();
  }

  std::shared_ptr<Staging> staging;
  std::map<Digest, std::shared_ptr<IncomingBlob>> incoming;
};

struct Pull::Staged {
  std::optional<Staging> staging;
  std::map<Digest, Wanted> missing;
  bool unpacked = false;  // already
};

Pull::Pull(Parts parts, Reference reference, PullOptions options, Handlers handlers)
    : parts_(std::move(parts)),
      reference_(std::move(reference)),
      options_(std::move(options)),
      handlers_(std::move(handlers)),
      documents_(std::make_shared<Documents>()),
      hurry_(parts_.loop) {
  run_in_pool_for(
      parts_.loop, [store = parts_.store, wanted = reference_] { return find_present(*store, wanted); },
      [this, alive = Alive(alive_)](std::optional<PresentImage> present) {
        if (alive.expired()) return;
        present_ = std::move(present);
        ask();
      });
}

Pull::~Pull() {
  if (!layers_) return;
  for (const auto& [digest, blob] : layers_->incoming) {
    blob->abort({Errc::cancelled, fmt::format("pulling {} was cancelled", reference_.to_string())});
  }
}

std::int64_t Pull::now() const {
  return std::chrono::duration_cast<std::chrono::seconds>(parts_.clock.wall_now().time_since_epoch()).count();
}

void Pull::show(PullProgress::Phase phase) {
  progress_.phase = phase;
  if (handlers_.on_progress) handlers_.on_progress(progress_);
}

void Pull::ask() {
  show(PullProgress::Phase::resolving);
  calls_[""] = parts_.remote.fetch_manifest(reference_,
                                            [this](Result<RemoteDocument> document) { take_top(std::move(document)); });
}

void Pull::take_top(Result<RemoteDocument> document) {
  if (!document) return fail_with(std::move(document.error()));
  top_ = std::move(*document);
  manifest_type_ = top_.media_type;
  documents_->texts[top_.digest] = top_.bytes;
  next_document();
}

void Pull::next_document() {
  const StoreOptions& options = parts_.store->options();
  documents_->wanted.reset();
  const Descriptor top{.media_type = top_.media_type, .digest = top_.digest, .size = top_.bytes.size()};
  auto image = load_image(*documents_, top, options.host, options.limits);
  if (image) return check(std::move(*image));
  if (documents_->wanted) return fetch_document(*documents_->wanted);
  fail_with(with_context(std::move(image.error()), reference_.to_string()));
}

void Pull::fetch_document(const Descriptor& wanted) {
  if (!is_index_type(wanted.media_type) && !is_manifest_type(wanted.media_type)) {
    calls_[""] = parts_.remote.fetch_document(
        reference_, wanted, [this, wanted](Result<std::string> bytes) { take_document(wanted, std::move(bytes)); });
    return;
  }
  Reference part = reference_;
  part.digest = wanted.digest;
  calls_[""] = parts_.remote.fetch_manifest(part, [this, wanted](Result<RemoteDocument> document) {
    if (!document) return fail_with(std::move(document.error()));
    take_document(wanted, std::move(document->bytes));
  });
}

void Pull::take_document(const Descriptor& wanted, Result<std::string> bytes) {
  if (!bytes) return fail_with(std::move(bytes.error()));
  if (is_manifest_type(wanted.media_type)) manifest_type_ = wanted.media_type;
  documents_->texts[wanted.digest] = std::move(*bytes);
  next_document();
}

void Pull::check(LoadedImage image) {
  auto runnable = make_runnable(image.config, image.manifest.annotations);
  if (!runnable) return fail_with(with_context(std::move(runnable.error()), reference_.to_string()));
  runnable_ = std::move(*runnable);
  runnable_.reference = reference_.to_string();
  runnable_.digest = image.digest.to_string();
  if (auto runs = require_kernel(runnable_, parts_.kernel_release); !runs) return fail_with(runs.error());
  for (const Descriptor& layer : image.manifest.layers) {
    if (auto type = layer_type(layer.media_type); !type) return fail_with(std::move(type.error()));
  }
  image_ = std::move(image);
  admit();
}

void Pull::admit() {
  show(PullProgress::Phase::verifying);
  calls_[""] = parts_.admission.admit({.reference = reference_,
                                       .top = top_.digest,
                                       .platform = image_->digest,
                                       .age = age_of(runnable_, image_->config.created),
                                       .known = present_ ? std::optional(present_->record) : std::nullopt,
                                       .options = options_},
                                      [this](Result<std::string> evidence) { take_evidence(std::move(evidence)); });
}

void Pull::take_evidence(Result<std::string> evidence) {
  if (!evidence) return fail_with(std::move(evidence.error()));
  if (handlers_.on_admitted) {
    const auto admitted = std::move(handlers_.on_admitted);
    return admitted(std::move(*evidence));
  }
  evidence_ = std::move(*evidence);
  if (present_ && present_->image.top == top_.digest) return renew();
  stage();
}

// The reference means what it meant.
void Pull::renew() {
  StoredImage image = present_->image;
  image.checked = now();
  working_ = true;
  run_in_pool_for(
      parts_.loop,
      [store = parts_.store, image = std::move(image), evidence = evidence_, reference = reference_] {
        auto renewed = store->renew(image, evidence);
        return renewed ? store->prepare(reference) : Result<RunnableImage>(fail(std::move(renewed.error())));
      },
      [this, alive = Alive(alive_)](Result<RunnableImage> prepared) {
        if (alive.expired()) return;
        working_ = false;
        if (!prepared) return stage();  // something of it is missing or damaged
        end(std::move(prepared));
      });
}

void Pull::stage() {
  std::map<Digest, Descriptor> layers;
  for (const Descriptor& layer : image_->manifest.layers) layers.emplace(layer.digest, layer);
  for (const auto& [digest, layer] : layers) progress_.total += layer.size;
  working_ = true;
  run_in_pool_for(
      parts_.loop,
      [store = parts_.store, documents = documents_, layers, total = progress_.total,
       manifest = image_->digest]() -> Result<Staged> {
        auto staging = store->stage(total);
        if (!staging) return fail(std::move(staging.error()));
        Staged staged{.staging = std::move(*staging), .unpacked = store->find(manifest).has_value()};
        for (const auto& [digest, text] : documents->texts) {
          if (auto written = write_staged(staged.staging->blob_path(digest), text); !written) {
            return fail(std::move(written.error()));
          }
        }
        for (const auto& [digest, layer] : layers) {
          if (store->borrow(*staged.staging, layer)) continue;
          staged.missing.emplace(digest, Wanted{layer, store->resume(*staged.staging, layer)});
        }
        return staged;
      },
      [this, &loop = parts_.loop, alive = Alive(alive_)](Result<Staged> staged) {
        if (!alive.expired()) return take_staged(std::move(staged));
        if (staged) removed_in_pool(loop, std::move(*staged->staging));
      });
}

void Pull::take_staged(Result<Staged> staged) {
  working_ = false;
  if (!staged) return fail_with(std::move(staged.error()));
  staging_ = removed_in_pool(parts_.loop, std::move(*staged->staging));
  layers_ = std::make_shared<Layers>(staging_);
  progress_.bytes = progress_.total;
  for (const auto& [digest, wanted] : staged->missing) {
    progress_.bytes -= wanted.layer.size - wanted.start.offset;
    resumed_ |= wanted.start.offset > 0;
    auto blob = IncomingBlob::create(parts_.loop, staging_->blob_path(digest), wanted.start.offset);
    if (!blob) return fail_with(std::move(blob.error()));
    layers_->incoming.emplace(digest, std::move(*blob));
  }
  missing_ = staged->missing.size();
  unpacking_ = !staged->unpacked;
  show(missing_ > 0 ? PullProgress::Phase::fetching : PullProgress::Phase::unpacking);
  // In the order of the layers, which is that of unpacking.
  for (const Descriptor& layer : image_->manifest.layers) {
    if (auto found = staged->missing.extract(layer.digest)) wanted_.push_back(std::move(found.mapped()));
  }
  fetch_next();
  hurry_.set(one_by_one, [this] {
    while (!wanted_.empty()) fetch_next();
  });
  if (unpacking_) {
    parts_.unpacking.ask([this, alive = std::weak_ptr(layers_)](Turns::Turn turn) {
      if (!alive.expired() && !error_) unpack(std::move(turn));
    });
  }
  advance();
}

void Pull::fetch_next() {
  if (wanted_.empty()) return;
  Wanted next = std::move(wanted_.front());
  wanted_.pop_front();
  fetch_layer(next.layer, layers_->incoming.at(next.layer.digest), std::move(next.start), 1);
}

void Pull::fetch_layer(const Descriptor& layer, std::shared_ptr<IncomingBlob> blob, BlobStart start, int attempt) {
  const std::string key = layer.digest.to_string();
  blob->set_handlers({.on_room =
                          [this, key] {
                            if (const auto call = calls_.find(key); call != calls_.end()) call->second->resume();
                          },
                      .on_stored =
                          [this, key](Result<void> stored) {
                            if (!stored) return fail_with(std::move(stored.error()));
                            --missing_;
                            if (missing_ == 0) show(PullProgress::Phase::unpacking);
                            advance();
                          }});
  const std::uint64_t have = start.offset;
  calls_[key] = parts_.remote.fetch_blob(
      reference_, layer, std::move(start),
      [this, blob](std::string_view bytes) {
        progress_.bytes += bytes.size();
        show(progress_.phase);
        return blob->write(bytes);
      },
      [this, layer, key, blob, have, attempt](Result<bool> arrived) {
        // Kept until this returns: it holds what runs here.
        const auto call = std::move(calls_[key]);
        calls_.erase(key);
        if (arrived && !*arrived && have > 0) arrived = fail(Errc::integrity, "{} came in for another image", key);
        if (arrived && !*arrived && attempt < most_attempts) return fetch_layer(layer, blob, {}, attempt + 1);
        if (arrived && !*arrived) arrived = fail(Errc::failed, "{} always came in for another image", key);
        if (arrived) fetch_next();
        blob->finish(arrived ? Result<void>() : fail(std::move(arrived.error())));
      });
}

void Pull::unpack(Turns::Turn turn) {
  working_ = true;
  run_in_pool_for(
      parts_.loop,
      [store = parts_.store, layers = layers_, image = *image_, runnable = runnable_] {
        return store->unpack(*layers->staging, *layers, image, runnable);
      },
      [this, turn = std::move(turn), alive = Alive(alive_)](Result<void> unpacked) {
        if (alive.expired()) return;
        working_ = false;
        unpacking_ = false;
        if (!unpacked) return fail_with(with_context(std::move(unpacked.error()), reference_.to_string()));
        advance();
      });
}

// What ends may be the last thing that was waited for.
void Pull::advance() {
  if (working_) return;
  if (error_ && is_about_content(*error_) && std::exchange(resumed_, false)) return begin_anew();
  if (error_) return end(fail(std::move(*error_)));
  if (missing_ == 0 && !unpacking_) publish();
}

// What an interrupted pull left may be damaged, by a power failure say: once more without it.
void Pull::begin_anew() {
  error_.reset();
  layers_.reset();
  staging_.reset();
  progress_ = {};
  stage();
}

void Pull::publish() {
  working_ = true;
  const auto size = documents_->texts.at(image_->digest).size();
  StoredImage image{.reference = reference_.to_string(), .top = top_.digest, .pulled = now(), .checked = now()};
  image.entry = {.media_type = manifest_type_, .digest = image_->digest, .size = size};
  run_in_pool_for(
      parts_.loop,
      [store = parts_.store, staging = staging_, image = std::move(image), evidence = evidence_] {
        return store->publish(*staging, image.entry.digest, &image, evidence);
      },
      [this, alive = Alive(alive_)](Result<RunnableImage> published) {
        if (alive.expired()) return;
        working_ = false;
        if (!published) return fail_with(with_context(std::move(published.error()), reference_.to_string()));
        end(std::move(published));
      });
}

void Pull::fail_with(Error error) {
  if (!error_) error_ = std::move(error);
  stop_fetching();
  if (layers_) {
    for (const auto& [digest, blob] : layers_->incoming) blob->abort(*error_);
  }
  advance();
}

void Pull::stop_fetching() {
  hurry_.cancel();
  wanted_.clear();
  calls_.clear();
}

void Pull::end(Result<RunnableImage> result) {
  stop_fetching();
  layers_.reset();
  staging_.reset();
  if (result) show(PullProgress::Phase::done);
  const auto done = std::move(handlers_.on_done);
  done(std::move(result));
}

}  // namespace schedkit
