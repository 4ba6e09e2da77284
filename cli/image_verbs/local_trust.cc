#include "cli/image_verbs/local_trust.h"

#include <optional>
#include <utility>

#include "cli/image_remote.h"
#include "cli/image_verbs/local_images.h"
#include "config/trust_file.h"
#include "core/image/trust/evidence.h"

namespace schedkit {

Result<TrustRecord> judge_trust(const std::string& root, const Admission::Candidate& candidate) {
  auto settings = read_settings(root);
  if (!settings) return fail(std::move(settings.error()));
  Loop loop;
  SystemClock clock;
  const auto remote = make_image_remote(loop, clock, *settings, root);
  TrustAdmission admission(loop, clock, *remote, load_trust_file);
  admission.use(settings->trust, settings->trust_file);
  std::optional<Result<std::string>> answer;
  const auto call = admission.admit(candidate, [&answer](Result<std::string> text) { answer = std::move(text); });
  while (!answer) loop.run_once(true);
  if (!*answer) return fail(std::move(answer->error()));
  auto evidence = parse_evidence(**answer);
  if (!evidence) return fail(std::move(evidence.error()));
  return std::move(evidence->record);
}

}  // namespace schedkit
