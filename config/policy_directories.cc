#include "config/policy_directories.h"

#include <utility>

#include "config/text_digest.h"
#include "core/loop/work.h"

namespace schedkit {

PolicyDirectories::PolicyDirectories(Loop& loop, Directories directories, Observer observer)
    : loop_(loop), observer_(std::move(observer)), work_(std::make_shared<Work>()) {
  work_->directories = std::move(directories);
  work_->owner = this;
}

PolicyDirectories::~PolicyDirectories() { work_->owner = nullptr; }

Result<std::unique_ptr<PolicyDirectories>> PolicyDirectories::create(Loop& loop, Directories directories,
                                                                     Observer observer, Duration debounce) {
  std::unique_ptr<PolicyDirectories> made(new PolicyDirectories(loop, std::move(directories), std::move(observer)));
  auto& work = *made->work_;
  auto watch = DirWatch::create(loop, work.directories.watched(), debounce, [made = made.get()] { made->reload(); });
  if (!watch) return fail(with_context(std::move(watch.error()), "cannot watch the policy directories"));
  made->watch_ = std::move(*watch);
  work.last_good = LastGood::open(work.directories.last_good, made->start_problems_);
  made->loaded_ = load_policy(work.directories, work.last_good, sha256_of);
  auto& problems = made->loaded_.report.problems;
  problems.insert(problems.begin(), made->start_problems_.begin(), made->start_problems_.end());
  return made;
}

void PolicyDirectories::reload(std::function<void()> done) {
  if (done) next_.push_back(std::move(done));
  again_ = true;
  if (!loading_) load_in_pool();
}

void PolicyDirectories::load_in_pool() {
  loading_ = true;
  again_ = false;
  waiting_ = std::exchange(next_, {});
  run_in_pool_for(
      loop_, [work = work_] { return load_policy(work->directories, work->last_good, sha256_of); },
      [work = work_](Loaded loaded) {
        if (work->owner != nullptr) work->owner->take(std::move(loaded));
      });
}

void PolicyDirectories::take(Loaded loaded) {
  const auto work = work_;  // an observer may destroy us
  auto& problems = loaded.report.problems;
  problems.insert(problems.begin(), start_problems_.begin(), start_problems_.end());
  const bool new_policy = !same_policy(loaded.policy, loaded_.policy);
  const bool new_report = loaded.report != loaded_.report;
  loaded_ = std::move(loaded);
  loading_ = false;
  const auto waiting = std::exchange(waiting_, {});
  if (again_) load_in_pool();
  const auto alive = [&] { return work->owner != nullptr; };
  if (new_policy && observer_.policy) observer_.policy(loaded_.policy);
  if (alive() && new_report && observer_.report) observer_.report(loaded_.report);
  for (const auto& done : waiting) {
    if (alive()) done();
  }
}

}  // namespace schedkit
