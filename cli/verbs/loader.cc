#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <memory>
#include <optional>

#include "cli/verbs/catalog.h"
#include "cli/verbs/verb.h"
#include "config/directories.h"
#include "config/import.h"
#include "config/schema.h"
#include "core/base/file.h"

namespace schedkit {

namespace {

struct Options {
  std::string word;
  std::string root;
};

// What scx_loader is configured with, as a policy file that lasts until the next boot.
std::string policy_path(const Options& options) {
  return Directories::under(options.root).runtime + "/scx-loader.toml";
}

Result<void> remove_policy(const Options& options) {
  const auto path = policy_path(options);
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return fail_errno(errno, "cannot remove " + path);
}

// scx_loader's file; nothing when there is none.
Result<std::optional<ImportSource>> find_configuration(const Options& options) {
  for (const auto& file : scx_loader_files()) {
    auto text = read_file(options.root + file, largest_policy_file);
    if (text) return ImportSource{options.root + file, std::move(*text)};
    if (text.error().code != Errc::not_found) return fail(std::move(text.error()));
  }
  return std::nullopt;
}

// A file with errors changes nothing.
Result<void> refresh(const Options& options) {
  const auto source = find_configuration(options);
  if (!source) return fail(source.error());
  if (!*source) return remove_policy(options);
  const auto imported = import_scx_loader(**source, from_catalog);
  if (!imported) return fail(imported.error());
  for (const auto& note : imported->notes) complain(note.describe());
  if (auto made = make_directories(Directories::under(options.root).runtime); !made) return made;
  return write_file_atomic(policy_path(options), imported->text, 0644);
}

int outcome(const Result<void>& done) {
  if (done) return exit_done;
  complain(done.error().describe());
  return exit_failed;
}

int serve(Client& client, const Options& options) {
  const bool on = options.word == "on";
  if (const auto done = client.serve_loader(on); !done) return failed(client, done.error());
  return outcome(on ? refresh(options) : remove_policy(options));
}

}  // namespace

void add_loader(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("loader", "Stand in for scx_loader, or no longer");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  verb->add_option("switch", options->word, "")
      ->required()
      ->check(CLI::IsMember({"on", "off", "refresh"}))
      ->type_name("on|off|refresh");
  verb->add_option("--root", options->root, "Take the files of scx_loader and the policies below DIR")
      ->type_name("DIR");
  verb->footer(
      "`on` serves org.scx.Loader, and fails when another program owns the name. Then it does as `refresh`: what\n"
      "scx_loader is configured with (/etc/scx_loader/config.toml or /etc/scx_loader.toml) becomes the policy file\n"
      "scx-loader.toml in /run/schedkit/policies. `off` takes both back. scx_loader.service, of the package\n"
      "schedkit-scx-loader, calls it.\n\nExamples:\n  schedctl loader on\n  schedctl loader off");
  verb->callback([&session, options] {
    session.action = [&session, options]() -> int {
      if (options->word == "refresh") return outcome(refresh(*options));
      return with_daemon(session, [&](Client& client) { return serve(client, *options); });
    };
  });
}

}  // namespace schedkit
