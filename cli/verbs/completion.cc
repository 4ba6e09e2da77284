// Scripts that ask schedctl itself, so that they are never older than it.
#include "cli/verbs/completion.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <set>

#include "cli/verbs/catalog.h"
#include "cli/verbs/policy.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

constexpr const char* bash_script = R"sh(# schedctl completion bash > /etc/bash_completion.d/schedctl
_schedctl() {
  local IFS=$'\n'
  COMPREPLY=($(schedctl __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2> /dev/null))
}
complete -o default -F _schedctl schedctl
)sh";

constexpr const char* zsh_script = R"sh(#compdef schedctl
# schedctl completion zsh > /usr/share/zsh/vendor-completions/_schedctl
_schedctl() {
  local -a found
  found=(${(f)"$(schedctl __complete -- "${(@)words[2,CURRENT]}" 2> /dev/null)"})
  compadd -a found || _files
}
if [ "$funcstack[1]" = _schedctl ]; then _schedctl "$@"; else compdef _schedctl schedctl; fi
)sh";

constexpr const char* fish_script = R"sh(# schedctl completion fish > /etc/fish/completions/schedctl.fish
complete -c schedctl -a '(schedctl __complete -- (commandline -opc)[2..-1] (commandline -ct) 2> /dev/null)'
)sh";

using Words = std::set<std::string>;

void add_policy_names(Words& words, const std::string& root, bool rules, bool schedulers, bool files_too) {
  PolicyOptions options;
  options.root = root;
  const PolicyFiles files(options.directories());
  for (const auto& item : files.items()) {
    if (item.kind == PolicyKind::rule ? rules : schedulers) words.insert(item.name);
  }
  if (!files_too) return;
  for (const auto& file : files.files()) words.insert(file.name);
}

void add_images(Words& words, const Session& session) {
  auto client = Client::connect(session.socket);
  if (!client) return;
  const auto images = client->list_images();
  if (!images) return;
  for (const auto& image : *images) words.insert(image.reference);
}

// What can stand where the help says `type`: its alternatives in lower case are words, the others say what is meant.
void add_values(Words& words, const CLI::Option& option, bool in_policy, const std::string& root,
                const Session& session) {
  if (option.check_lname("output")) words.insert({"text", "json"});
  const std::string types = option.get_type_name();
  for (const auto type : split(types, '|')) {
    const bool image = type == "REFERENCE";
    if (type == "RULE") add_policy_names(words, root, true, false, false);
    if (type == "NAME") add_policy_names(words, root, in_policy, true, false);
    if (type == "FILE" && in_policy) add_policy_names(words, root, false, false, true);
    if (type == "SHELL") words.insert({"bash", "zsh", "fish"});
    if (image) add_images(words, session);
    if (const auto catalog = load_catalog(); catalog && type == "NAME" && !in_policy) {
      for (const auto& [name, reference] : *catalog) words.insert(name);
    }
    if (!type.empty() && type.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == std::string_view::npos) {
      words.insert(std::string(type));
    }
  }
}

// The option that `word` names and that wants its value as the next word.
const CLI::Option* wants_value(const CLI::App& app, const std::string& word) {
  if (word.size() < 2 || word[0] != '-' || word.find('=') != std::string::npos) return nullptr;
  const auto* option = app.get_option_no_throw(word);
  return option != nullptr && option->get_items_expected_max() > 0 ? option : nullptr;
}

// The n-th word without a dash of that command; the last one may take several.
const CLI::Option* positional(const CLI::App& app, std::size_t number) {
  const CLI::Option* found = nullptr;
  for (const auto* option : app.get_options()) {
    if (!option->get_positional()) continue;
    found = option;
    if (number-- == 0) return found;
  }
  return found != nullptr && found->get_items_expected_max() > 1 ? found : nullptr;
}

struct Position {
  const CLI::App* app;
  const CLI::Option* option = nullptr;  // whose value comes next
  std::size_t words = 0;                // without a dash, given to `app` already
  bool in_policy = false;
  std::string root = {};
};

const CLI::App* find_verb(const CLI::App& app, const std::string& name) {
  for (const auto* verb : app.get_subcommands(nullptr)) {
    if (verb->check_name(name)) return verb;
  }
  return nullptr;
}

Position walk(const CLI::App& top, const std::vector<std::string>& words) {
  Position position{&top};
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (position.option != nullptr) {
      if (position.option->check_lname("root")) position.root = words[i];
      position.option = nullptr;
    } else if (words[i].starts_with('-')) {
      position.option = wants_value(*position.app, words[i]);
    } else if (const auto* below = find_verb(*position.app, words[i])) {
      position.in_policy = position.in_policy || words[i] == "policy" || words[i] == "pin";
      position.app = below;
      position.words = 0;
    } else {
      ++position.words;
    }
  }
  return position;
}

int complete(const CLI::App& top, const Session& session, std::vector<std::string> words) {
  if (words.empty()) words.emplace_back();
  const auto position = walk(top, words);
  const auto& prefix = words.back();
  Words found;
  if (position.option != nullptr) {
    add_values(found, *position.option, position.in_policy, position.root, session);
  } else if (prefix.starts_with('-')) {
    for (const auto* option : position.app->get_options()) {
      for (const auto& name : option->get_lnames()) found.insert("--" + name);
      for (const auto& name : option->get_snames()) found.insert("-" + name);
    }
  } else {
    for (const auto* below : position.app->get_subcommands(nullptr)) {
      if (!below->get_group().empty()) found.insert(below->get_name());
    }
    if (const auto* option = positional(*position.app, position.words)) {
      add_values(found, *option, position.in_policy, position.root, session);
    }
  }
  std::string text;
  for (const auto& word : found) {
    if (word.starts_with(prefix) && word.find('\n') == std::string::npos) text += word + "\n";
  }
  return print(text) ? exit_done : exit_failed;
}

}  // namespace

void add_completion(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("completion", "Print a script that completes schedctl's words in a shell");
  auto shell = std::make_shared<std::string>();  // CLI11 keeps a reference to it as long as the callback lives
  verb->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->type_name("SHELL")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  verb->footer(
      "It completes verbs, options, rules, schedulers and images.\n\nExamples:\n"
      "  source <(schedctl completion bash)\n  schedctl completion fish > ~/.config/fish/completions/schedctl.fish");
  verb->callback([&session, shell] {
    session.action = [shell] {
      return print(*shell == "bash"  ? bash_script
                   : *shell == "zsh" ? zsh_script
                                     : fish_script)
                 ? exit_done
                 : exit_failed;
    };
  });
  auto* hidden = app.add_subcommand("__complete", "What may come next, for the scripts")->group("");
  auto words = std::make_shared<std::vector<std::string>>();
  hidden->add_option("words", *words);
  hidden->callback(
      [&app, &session, words] { session.action = [&app, &session, words] { return complete(app, session, *words); }; });
}

}  // namespace schedkit
