// What a build without SQLite or cpp-httplib says of the commands that need them: compiled into a
// namespace of its own.
#include "tests/support.h"

#define latent without_services
#include "src/base/error.cpp"  // NOLINT: see above
#include "src/run/sweep_store_none.cpp"      // NOLINT
#include "src/server/http_server_none.cpp"   // NOLINT
#undef latent

namespace without_services {
namespace {

TEST(WithoutServices, ASweepSaysThatItNeedsSqlite) {
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, SweepStore("sweep.sqlite", SweepPlan{})),
            "sweep.sqlite: this build has no SQLite, in which a sweep keeps its results; install "
            "libsqlite3-dev and build again");
}

TEST(WithoutServices, ServingSaysThatItNeedsTheHttpLibrary) {
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, HttpServer(HttpAddress{}, HttpLimits{}, HttpCallbacks{})),
            "this build has no cpp-httplib, which serving over HTTP needs; install "
            "libcpp-httplib-dev and build again");
}

}  // namespace
}  // namespace without_services
