// What the loaders of our BPF objects have in common. Only included by their sources.
#pragma once

#include <bpf/bpf.h>

#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace schedkit::bpf {

// libbpf's messages go to our log, at debug level.
void log_messages();

// What the kernel's answer to a load means for people; `what` is "processes". Errc::denied without CAP_BPF and
// CAP_PERFMON, else Errc::unsupported.
Error load_error(int error, std::string_view what);

// Removes the keys of which `old` is true.
template <class Key, class Old>
void purge(int map, Old old) {
  std::vector<Key> dead;
  Key key;
  const Key* previous = nullptr;
  Key next;
  while (bpf_map_get_next_key(map, previous, &next) == 0) {
    if (old(next)) dead.push_back(next);
    key = next;
    previous = &key;
  }
  for (const auto& entry : dead) bpf_map_delete_elem(map, &entry);
}

}  // namespace schedkit::bpf
