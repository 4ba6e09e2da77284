// sked render: policies without a cluster.
#include <cstdio>
#include <iostream>
#include <iterator>
#include <memory>

#include "cli/sked_verbs/sked_verb.h"
#include "config/parse.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "k8s/manifest.h"
#include "k8s/members.h"
#include "k8s/render.h"
#include "k8s/rendered_files.h"

namespace schedkit {
namespace {

struct RenderOptions {
  std::vector<std::string> files = {"-"};
  std::vector<std::string> node_labels;
  std::string directory;
};

struct Objects {
  std::vector<SchedPolicy> policies;
  std::vector<Pod> pods;
};

Result<std::string> read_input(const std::string& file) {
  if (file != "-") return read_file(file, largest_manifest);
  std::string text(std::istreambuf_iterator<char>(std::cin), {});
  if (text.size() > largest_manifest) return fail(Errc::limit, "more than {}", format_size(largest_manifest));
  return text;
}

Result<void> add_object(const KubernetesObject& manifest, Objects& objects) {
  if (is_policy(manifest.object)) {
    auto policy = read_policy(manifest.object);
    if (!policy) return fail(std::move(policy.error()));
    objects.policies.push_back(std::move(*policy));
  } else if (text_at(manifest.object, {"kind"}) == "Pod") {
    auto pod = read_pod(manifest.object);
    if (!pod) return fail(std::move(pod.error()));
    objects.pods.push_back(std::move(*pod));
  } else if (text_at(manifest.object, {"apiVersion"}).starts_with("sked.schedkit.io/") &&
             text_at(manifest.object, {"kind"}) != "NodeSched") {
    return fail(Errc::unsupported, "this sked does not know {} {}", text_at(manifest.object, {"apiVersion"}),
                text_at(manifest.object, {"kind"}));
  }
  return {};
}

Result<Objects> read_objects(const std::vector<std::string>& files) {
  Objects objects;
  for (const auto& file : files) {
    auto text = read_input(file);
    if (!text) return fail(std::move(text.error()));
    auto manifests = read_manifests(*text, file == "-" ? "standard input" : file);
    if (!manifests) return fail(std::move(manifests.error()));
    for (const auto& manifest : *manifests) {
      if (auto added = add_object(manifest, objects); !added) {
        added.error().where = manifest.where;
        return fail(std::move(added.error()));
      }
    }
  }
  return objects;
}

// What schedkitd would say of it, in the words of the object.
Result<void> accept(const SchedPolicy& policy, const std::string& text) {
  const auto parsed = parse_text(text, {policy.source.file_name(), policy.source.file_name(), PolicyLayer::cluster});
  if (parsed.errors.empty()) return {};
  std::vector<std::string> lines;
  for (const auto& error : parsed.errors) lines.push_back(error.describe());
  return fail(Errc::invalid, "{}: schedkitd would not take it:\n  {}", policy.source.title(), join(lines, "\n  "));
}

Result<void> put(const RenderOptions& options, const std::string& name, const std::string& text) {
  if (options.directory.empty()) {
    fmt::print("# {}\n{}\n", name, text);
    return {};
  }
  auto written = RenderedFiles(options.directory).write(name, text);
  if (!written) return fail(std::move(written.error()));
  fmt::print(stderr, "{} {}/{}\n", *written ? "wrote" : "unchanged", options.directory, name);
  return {};
}

Result<void> render_all(const RenderOptions& options) {
  Labels labels;
  for (const auto& label : options.node_labels) {
    const auto equals = label.find('=');
    if (equals == std::string::npos || equals == 0) return fail(Errc::invalid, "{} must be KEY=VALUE", quote(label));
    labels[label.substr(0, equals)] = label.substr(equals + 1);
  }
  auto objects = read_objects(options.files);
  if (!objects) return fail(std::move(objects.error()));
  if (objects->policies.empty()) return fail(Errc::not_found, "no SchedPolicy and no SchedExt in what was read");
  // All are looked at before one is written.
  std::map<std::string, std::string> files;
  for (const auto& policy : objects->policies) {
    if (policy.suspend || !policy.nodes.selects(labels)) {
      fmt::print(stderr, "{}: not rendered: {}\n", policy.source.title(),
                 policy.suspend ? "it is suspended" : "its nodeSelector does not select these node labels");
      continue;
    }
    auto rendered = render(policy, objects->pods);
    if (!rendered) return fail(std::move(rendered.error()));
    if (auto accepted = accept(policy, rendered->text); !accepted) return accepted;
    if (!files.emplace(policy.source.file_name(), std::move(rendered->text)).second) {
      return fail(Errc::exists, "{} is there twice", policy.source.title());
    }
  }
  for (const auto& [name, text] : files) {
    if (auto done = put(options, name, text); !done) return done;
  }
  return {};
}

}  // namespace

SkedVerb add_render(CLI::App& app) {
  const auto options = std::make_shared<RenderOptions>();  // of the parser and of run()
  CLI::App* command = app.add_subcommand("render", "Render manifests into policy files, without a cluster");
  command
      ->add_option("-f,--filename", options->files,
                   "YAML or JSON; - is standard input. Pods in it are those of the node")
      ->capture_default_str();
  command->add_option("-l,--node-label", options->node_labels, "KEY=VALUE, a label of the node; may be repeated");
  command->add_option("-o,--output-directory", options->directory,
                      "Write there, as the agent would; else to standard output");
  command->footer(
      "Examples:\n  kubectl kustomize policies | sked render --node-label pool=build\n"
      "  sked render -f games.yaml -o /etc/schedkit/cluster");
  return {command, [options] { return render_all(*options); }};
}

}  // namespace schedkit
