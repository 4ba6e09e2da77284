#include "core/policy/loader_names.h"

#include <CppUTest/TestHarness.h>  // last: it redefines new

using namespace schedkit;

namespace {

Scheduler scheduler(const std::string& name, const std::string& image) {
  Scheduler made;
  made.name = name;
  made.image = image;
  return made;
}

}  // namespace

TEST_GROUP(LoaderNames){};

TEST(LoaderNames, a_scheduler_is_called_by_its_name_else_by_its_image) {
  STRCMP_EQUAL("scx_lavd", loader_name("scx_lavd", "oci:/x:y").c_str());
  STRCMP_EQUAL("scx_lavd", loader_name("lavd", "oci:/x:y").c_str());
  STRCMP_EQUAL("scx_rusty", loader_name("mine", "ghcr.io/schedkit/scx_rusty:1.1.0").c_str());
  STRCMP_EQUAL("scx_rusty", loader_name("mine", "localhost:5000/scx_rusty@sha256:aa").c_str());
  STRCMP_EQUAL("scx_rusty", loader_name("mine", "oci:/srv/images:scx_rusty").c_str());
  STRCMP_EQUAL("scx_new", loader_name("mine", "ghcr.io/x/scx_new:1").c_str());
  STRCMP_EQUAL("mine", loader_name("mine", "oci:/images:schedkit_vtime").c_str());
}

TEST(LoaderNames, only_the_closed_list_is_supported) {
  Policy policy;
  policy.schedulers = {scheduler("lavd", "a/b:1"), scheduler("vtime", "oci:/i:schedkit_vtime"),
                       scheduler("other", "r.test/scx_new:1")};
  const std::vector<std::string> store{"r.test/x/scx_flash:2", "r.test/x/scx_lavd:2", "r.test/x/thing:1"};
  CHECK_TRUE((supported_loader_names(policy, store) == std::vector<std::string>{"scx_flash", "scx_lavd"}));
  CHECK_TRUE(find_by_loader_name(policy, "scx_lavd") == &policy.schedulers[0]);
  CHECK_TRUE(find_by_loader_name(policy, "scx_flash") == nullptr);
  STRCMP_EQUAL("r.test/x/scx_flash:2", find_by_loader_name(store, "scx_flash").c_str());
  STRCMP_EQUAL("", find_by_loader_name(store, "scx_rusty").c_str());
}

TEST(LoaderNames, modes_have_numbers) {
  LONGS_EQUAL(0, loader_mode(""));
  LONGS_EQUAL(1, loader_mode("gaming"));
  LONGS_EQUAL(4, loader_mode("server"));
  LONGS_EQUAL(0, loader_mode("turbo"));
}
