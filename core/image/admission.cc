#include "core/image/admission.h"

#include <utility>

#include "core/loop/timer.h"

namespace schedkit {
namespace {

constexpr const char* by_hand = R"({"version":1,"rule":"allow-unsigned"})";

Error refusal(const Reference& reference) {
  return {Errc::denied, fmt::format("nothing vouches for {}: nobody's signature on it is checked or trusted; "
                                    "`schedctl pull --allow-unsigned` takes it on your own account",
                                    reference.to_string())};
}

class Later final : public RemoteCall {
 public:
  Later(Loop& loop, std::function<void()> call) : timer_(loop) { timer_.set(Duration(0), std::move(call)); }

 private:
  Timer timer_;
};

}  // namespace

RemoteCallPtr ClosedAdmission::admit(const Candidate& candidate, Done done) {
  Result<std::string> answer = by_hand;
  if (!candidate.options.allow_unsigned) answer = fail(refusal(candidate.reference));
  return std::make_unique<Later>(loop_, [done = std::move(done), answer = std::move(answer)] { done(answer); });
}

Result<void> ClosedAdmission::recheck(const Reference& reference, const StoredImage&,
                                      const std::string& evidence) const {
  if (evidence == by_hand) return {};
  return fail(refusal(reference));
}

}  // namespace schedkit
