#include "k8s/coordinator.h"

#include "tests/fakes/clock.h"
#include "tests/k8s/fake_api.h"
#include "tests/k8s/helpers.h"

using namespace schedkit;
using namespace schedkit::test;
