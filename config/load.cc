#include "config/load.h"

#include <algorithm>

#include "config/check.h"
#include "config/parse.h"
#include "config/write_scheduler.h"

namespace schedkit {

namespace {

ParsedText failed_text(Error error) {
  ParsedText parsed;
  parsed.errors.push_back(std::move(error));
  return parsed;
}

// schedkit.toml is no policy file anywhere, and only the administrator's counts.
std::optional<Error> misplaced(const FoundFile& file) {
  if (file.name != settings_file_name || file.layer == PolicyLayer::admin) return std::nullopt;
  return Error{
      Errc::invalid, "the daemon's settings are read from /etc/schedkit alone; remove this file", {file.path, 0, 0}};
}

// Nothing when the version is of no use to this program any more, as after a downgrade.
std::optional<RememberedText> remember(const LastGood::Version* version, const FoundFile& file,
                                       const ParsedText& current) {
  if (version == nullptr) return std::nullopt;
  RememberedText remembered;
  if (file.text && *file.text == version->text && current.ok()) {
    remembered.text = current.text;
  } else {
    auto parsed = parse_text(version->text, {file.name, file.path, file.layer});
    if (!parsed.ok()) return std::nullopt;
    remembered.text = std::move(parsed.text);
  }
  // Its lender may have been of any layer.
  auto borrowed = parse_text(version->borrowed, {"borrowed", file.path, PolicyLayer::admin});
  if (borrowed.ok()) remembered.borrowed = std::move(borrowed.text.schedulers);
  return remembered;
}

Candidate make_candidate(const FoundFile& file, const LastGood& last_good) {
  Candidate candidate;
  candidate.layer = file.layer;
  candidate.name = file.name;
  candidate.path = file.path;
  if (auto error = misplaced(file)) {
    candidate.current = failed_text(std::move(*error));
    return candidate;
  }
  candidate.is_mask = file.text && file.text->empty() && file.name != settings_file_name;
  candidate.current =
      file.text ? parse_text(*file.text, {file.name, file.path, file.layer}) : failed_text(file.text.error());
  candidate.last_good = remember(last_good.find({file.layer, file.name}), file, candidate.current);
  return candidate;
}

// What was known of a directory that cannot be listed now counts as files that cannot be read.
void add_unlisted(FoundFiles& found, const Directories& directories, const LastGood& last_good) {
  for (const auto& [name, version] : last_good.all()) {
    if (found.unlisted.count(name.first) == 0) continue;
    const auto path = directories.of(name.first) + "/" + name.second;
    found.files.push_back(
        {name.first, name.second, path, fail({Errc::io, "its directory cannot be listed", {path, 0, 0}})});
  }
}

// An empty file hides those below, and that is what it says.
bool in_force_as_it_is(PolicyFileState state, const std::string& hidden_by) {
  return state == PolicyFileState::loaded || (state == PolicyFileState::masked && hidden_by.empty());
}

class Bookkeeping {
 public:
  Bookkeeping(const FoundFiles& found, LastGood& last_good, std::vector<Error>& problems)
      : found_(found), last_good_(last_good), problems_(problems) {}

  void update(const std::vector<Outcome>& outcomes) {
    std::set<LastGood::Name> present;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      const auto& file = found_.files[i];
      present.insert({file.layer, file.name});
      if (!in_force_as_it_is(outcomes[i].state, outcomes[i].hidden_by)) continue;
      std::string borrowed;
      for (const auto& scheduler : outcomes[i].borrowed) borrowed += to_toml(scheduler);
      note(last_good_.keep({file.layer, file.name}, {*file.text, std::move(borrowed)}));
    }
    std::vector<LastGood::Name> gone;
    for (const auto& [name, version] : last_good_.all()) {
      if (present.count(name) == 0) gone.push_back(name);
    }
    for (const auto& name : gone) note(last_good_.forget(name));
  }

 private:
  void note(const Result<void>& result) {
    if (!result) problems_.push_back(with_context(result.error(), "last good version"));
  }

  const FoundFiles& found_;
  LastGood& last_good_;
  std::vector<Error>& problems_;
};

PolicyFileStatus status_of(const FoundFile& file, Outcome outcome, const Directories& directories,
                           const LastGood& last_good, const TextDigest& digest) {
  PolicyFileStatus status;
  status.path = file.path;
  status.layer = directories.of(file.layer);
  status.state = outcome.state;
  status.hidden_by = std::move(outcome.hidden_by);
  status.errors = std::move(outcome.errors);
  status.warnings = std::move(outcome.warnings);
  if (!digest) return status;
  if (file.text) status.sha256 = digest(*file.text);
  if (in_force_as_it_is(status.state, status.hidden_by)) status.sha256_in_force = status.sha256;
  const auto* version = last_good.find({file.layer, file.name});
  if (status.state == PolicyFileState::last_good && version != nullptr) status.sha256_in_force = digest(version->text);
  return status;
}

}  // namespace

Loaded load_found(FoundFiles found, const Directories& directories, LastGood& last_good, const TextDigest& digest) {
  add_unlisted(found, directories, last_good);
  std::ranges::stable_sort(found.files, [](const FoundFile& a, const FoundFile& b) {
    return a.layer != b.layer ? a.layer > b.layer : a.name < b.name;
  });
  std::vector<Candidate> candidates;
  for (const auto& file : found.files) candidates.push_back(make_candidate(file, last_good));
  auto checked = check_policy(candidates);
  Loaded loaded;
  loaded.policy = std::move(checked.policy);
  loaded.report.problems = found.problems;
  Bookkeeping(found, last_good, loaded.report.problems).update(checked.outcomes);
  for (std::size_t i = 0; i < found.files.size(); ++i) {
    loaded.report.files.push_back(
        status_of(found.files[i], std::move(checked.outcomes[i]), directories, last_good, digest));
  }
  return loaded;
}

Loaded load_policy(const Directories& directories, LastGood& last_good, const TextDigest& digest) {
  return load_found(find_files(directories), directories, last_good, digest);
}

namespace {

bool same_rule(const Rule& a, const Rule& b) {
  return a.file == b.file && a.name == b.name && a.use == b.use && a.priority == b.priority && a.delay == b.delay &&
         a.linger == b.linger && a.when == b.when && a.unless == b.unless;
}

}  // namespace

bool same_policy(const Policy& a, const Policy& b) {
  return a.settings == b.settings && a.fallback == b.fallback && a.schedulers == b.schedulers &&
         std::ranges::equal(a.rules, b.rules, same_rule);
}

}  // namespace schedkit
