#include "k8s/kubeconfig.h"

#include <unistd.h>

#include <cstdlib>

#include "core/base/file.h"
#include "tests/k8s/helpers.h"

using namespace schedkit;

namespace {

std::string config_with(const std::string& cluster, const std::string& user) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
         "contexts: [{name: other, context: {cluster: x}}, {name: c, context: {cluster: k, user: u}}]\n"
         "clusters: [{name: k, cluster: {server: 'https://10.0.0.1:6443/base/', " +
         cluster + "}}]\nusers: [{name: u, user: {" + user + "}}]\n";
}

std::string error_of(const std::string& text) {
  const auto access = read_kubeconfig(text, "/k/config");
  return access ? "accepted" : access.error().describe();
}

}  // namespace

TEST_GROUP(Kubeconfig) {
  std::string directory;

  void setup() override {
    char path[] = "/tmp/schedkit-k8s-XXXXXX";
    directory = ::mkdtemp(path);
  }
  void teardown() override {
    CHECK(remove_tree(directory).has_value());
    directory = {};
    ::unsetenv("KUBERNETES_SERVICE_HOST");
    ::unsetenv("KUBERNETES_SERVICE_PORT");
  }
};

TEST(Kubeconfig, data_and_files) {
  CHECK(write_file_atomic(directory + "/ca.pem", "CA").has_value());
  CHECK(write_file_atomic(directory + "/token", " T\n").has_value());
  const auto access =
      read_kubeconfig(config_with("certificate-authority: ca.pem",
                                  "tokenFile: token, client-certificate-data: Q0VSVA==, client-key-data: S0VZ"),
                      directory + "/config");
  CHECK(access.has_value());
  STRCMP_EQUAL("https://10.0.0.1:6443/base", access->server.c_str());
  STRCMP_EQUAL("CA", access->tls.authorities.c_str());
  CHECK_FALSE(access->tls.system_authorities);
  STRCMP_EQUAL("CERT", access->tls.certificate.c_str());
  STRCMP_EQUAL("KEY", access->tls.key.c_str());
  STRCMP_EQUAL("T", access->token.c_str());
}

TEST(Kubeconfig, without_an_authority_the_system_decides) {
  const auto access = read_kubeconfig(config_with("", "token: abc"), "config");
  CHECK(access->tls.system_authorities);
  CHECK_FALSE(access->tls.insecure);
  STRCMP_EQUAL("abc", access->token.c_str());
}

TEST(Kubeconfig, what_cannot_be_done_is_said) {
  STRCMP_EQUAL(
      "/k/config: \"exec\" in a user is not supported: sked starts no program for a token; give a token or a client "
      "certificate",
      error_of(config_with("", "exec: {command: aws}")).c_str());
  STRCMP_EQUAL("/k/config: \"proxy-url\" in a cluster is not supported",
               error_of(config_with("proxy-url: 'http://p'", "")).c_str());
  STRCMP_EQUAL("/k/config: client-certificate and client-key go together",
               error_of(config_with("", "client-certificate-data: Q0VSVA==")).c_str());
  STRCMP_CONTAINS("/k/config: certificate-authority-data: ",
                  error_of(config_with("certificate-authority-data: '%'", "")).c_str());
  STRCMP_EQUAL("/k/config: current-context is not set", error_of("apiVersion: v1\n").c_str());
  STRCMP_EQUAL("/k/config: contexts has no entry \"z\"", error_of("current-context: z\n").c_str());
  STRCMP_EQUAL("/k/config: the server must be an https URL",
               error_of("current-context: c\ncontexts: [{name: c, context: {cluster: k}}]\n"
                        "clusters: [{name: k, cluster: {server: 'http://a'}}]\n")
                   .c_str());
  CHECK(kubeconfig_credentials(directory + "/none").error().code == Errc::not_found);
}

TEST(Kubeconfig, in_a_pod) {
  CHECK(in_cluster_credentials(directory).error().code == Errc::not_found);
  ::setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
  ::setenv("KUBERNETES_SERVICE_PORT", "443", 1);
  const auto credentials = in_cluster_credentials(directory);
  CHECK(credentials.has_value());
  CHECK((*credentials)->read().error().code == Errc::not_found);  // no token there yet
  CHECK(write_file_atomic(directory + "/token", "one\n").has_value());
  CHECK(write_file_atomic(directory + "/ca.crt", "CA").has_value());
  const auto access = (*credentials)->read();
  STRCMP_EQUAL("https://[fd00::1]:443", access->server.c_str());
  STRCMP_EQUAL("one", access->token.c_str());
  CHECK_FALSE(access->tls.system_authorities);
  CHECK(write_file_atomic(directory + "/token", "two\n").has_value());
  STRCMP_EQUAL("two", (*credentials)->read()->token.c_str());
}
