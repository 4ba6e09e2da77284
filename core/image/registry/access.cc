#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/image/registry/context.h"
#include "core/loop/child.h"
#include "core/loop/work.h"

namespace schedkit::registry {
namespace {

constexpr std::size_t most_certificate = 1u << 20;

// What the pool found.
struct Files {
  Tls tls;
  std::optional<FoundCredentials> found;
};

Result<std::vector<std::string>> names_in(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), ::closedir);
  std::vector<std::string> names;
  if (!open) return fail_errno(errno, "cannot list " + directory);
  while (const dirent* entry = ::readdir(open.get())) names.emplace_back(entry->d_name);
  std::ranges::sort(names);
  return names;
}

Result<void> add_file(const std::string& path, std::string& text) {
  auto content = read_file(path, most_certificate);
  if (!content) return fail(std::move(content.error()));
  text += *content + "\n";
  return {};
}

Result<void> add_pair(const std::string& directory, const std::vector<std::string>& names, const std::string& stem,
                      Tls& tls) {
  for (const char* end : {".cert", ".key"}) {
    if (std::ranges::count(names, stem + end) == 0) {
      return fail(Errc::invalid, "{} has {} without {}", directory, stem + (*(end + 1) == 'c' ? ".key" : ".cert"),
                  stem + end);
    }
  }
  if (!tls.certificate.empty()) return {};  // the first pair
  if (auto added = add_file(directory + "/" + stem + ".cert", tls.certificate); !added) return added;
  return add_file(directory + "/" + stem + ".key", tls.key);
}

Result<Tls> read_certificates(const std::string& directory, const std::vector<std::string>& names) {
  Tls tls;
  for (const auto& name : names) {
    Result<void> added;
    if (name.ends_with(".crt")) {
      added = add_file(directory + "/" + name, tls.authorities);
    } else if (name.ends_with(".cert") || name.ends_with(".key")) {
      added = add_pair(directory, names, name.substr(0, name.rfind('.')), tls);
    }
    if (!added) return fail(std::move(added.error()));
  }
  return tls;
}

Result<Files> read_files(const RegistrySettings& settings, const Endpoint& endpoint) {
  auto tls = load_certificates(settings.certificate_directories, endpoint.host);
  if (!tls) return fail(std::move(tls.error()));
  auto found = load_credentials(settings.auth_files, endpoint.host, endpoint.repository);
  if (!found) return fail(std::move(found.error()));
  return Files{std::move(*tls), std::move(*found)};
}

// A descriptor that holds `text`, for a program's standard input.
Result<UniqueFd> input_of(const std::string& text) {
  UniqueFd fd(::memfd_create("helper-input", MFD_CLOEXEC));
  if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::lseek(fd.get(), 0, SEEK_SET) != 0) {
    return fail_errno(errno, "cannot ask a credential helper");
  }
  return fd;
}

class LoadAccess final : public RegistryCall {
 public:
  LoadAccess(Context& context, Endpoint endpoint, std::function<void(Result<Access>)> done)
      : context_(context), done_(std::move(done)) {
    run_in_pool_for(
        context.loop,
        [settings = context.settings, endpoint = std::move(endpoint)] { return read_files(settings, endpoint); },
        [this, alive = std::weak_ptr<const int>(alive_)](Result<Files> files) {
          if (!alive.expired()) take(std::move(files));
        });
  }

 private:
  void finish(Result<Access> access) {
    const auto done = std::move(done_);
    done(std::move(access));
  }

  void take(Result<Files> files) {
    if (!files) return finish(fail(std::move(files.error())));
    access_.tls = std::move(files->tls);
    if (!files->found) return finish(std::move(access_));
    if (files->found->helper.empty()) {
      access_.credentials = std::move(files->found->credentials);
      return finish(std::move(access_));
    }
    ask_helper(*files->found);
  }

  void ask_helper(const FoundCredentials& found) {
    const std::string program = "docker-credential-" + found.helper;
    if (!context_.settings.credential_helpers || !is_helper_suffix(found.helper)) {
      access_.note = program + " may know credentials, but helpers are off: credential-helpers in [registry]";
      return finish(std::move(access_));
    }
    auto started = start_helper(program, found.server);
    if (started) return;
    access_.note = started.error().describe();
    finish(std::move(access_));
  }

  Result<void> start_helper(const std::string& program, const std::string& server) {
    std::string path;
    for (const auto& directory : context_.settings.helper_directories) {
      if (path.empty() && ::access((directory + "/" + program).c_str(), X_OK) == 0) path = directory + "/" + program;
    }
    if (path.empty()) {
      return fail(Errc::not_found, "there is no {} in {}", program, join(context_.settings.helper_directories, ", "));
    }
    auto input = input_of(server + "\n");
    auto errors = open_file("/dev/null", O_WRONLY);
    if (!input) return fail(std::move(input.error()));
    if (!errors) return fail(std::move(errors.error()));
    auto child = Child::start(context_.loop,
                              {.argv = {path, "get"},
                               .env = {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/root", "LANG=C"},
                               .directory = "/",
                               .stdin_fd = input->get(),
                               .stderr_fd = errors->get(),
                               .timeout = std::chrono::seconds(10)},
                              [this, program](ChildExit exit) { take_answer(program, std::move(exit)); });
    if (!child) return fail(std::move(child.error()));
    helper_ = std::move(*child);
    return {};
  }

  void take_answer(const std::string& program, ChildExit exit) {
    if (!exit.ok()) {
      access_.note = program + (exit.timed_out ? " took longer than 10 s" : " knows no credentials");
    } else if (auto credentials = parse_helper_answer(exit.output)) {
      access_.credentials = std::move(*credentials);
    } else {
      access_.note = with_context(std::move(credentials.error()), program).text;
    }
    finish(std::move(access_));
  }

  Context& context_;
  std::function<void(Result<Access>)> done_;
  Access access_;
  std::unique_ptr<Child> helper_;
  std::shared_ptr<const int> alive_ = std::make_shared<const int>(0);  // the pool's way back is cut with it
};

}  // namespace

Result<Tls> load_certificates(const std::vector<std::string>& directories, const std::string& host) {
  for (const auto& directory : directories) {
    const std::string path = directory + "/" + host;
    const auto names = names_in(path);
    if (!names && names.error().code == Errc::not_found) continue;
    if (!names) return fail(names.error());
    return read_certificates(path, *names);
  }
  return Tls{};
}

RegistryCallPtr load_access(Context& context, const Endpoint& endpoint, std::function<void(Result<Access>)> done) {
  return std::make_unique<LoadAccess>(context, endpoint, std::move(done));
}

}  // namespace schedkit::registry
