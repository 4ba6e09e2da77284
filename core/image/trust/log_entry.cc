#include "core/image/trust/log_entry.h"

#include <utility>

#include "core/base/text.h"
#include "core/image/trust/base64.h"
#include "core/image/trust/hash.h"
#include "core/image/trust/proto_fields.h"

namespace schedkit {
namespace {

constexpr std::size_t largest_annotation = 256u << 10;
constexpr std::size_t most_hashes = 64;  // a tree of 2^64 leaves

Result<InclusionProof> parse_proof(const Json& json) {
  ProtoFields fields(json, "inclusionProof");
  ProtoFields checkpoint(fields.object("checkpoint"), "checkpoint");
  InclusionProof proof;
  proof.log_index = fields.unsigned_number("logIndex");
  proof.tree_size = fields.unsigned_number("treeSize");
  proof.root_hash = fields.bytes("rootHash");
  proof.checkpoint = checkpoint.text("envelope");
  for (const Json& item : fields.array("hashes")) {
    auto hash = item.is_string() ? decode_base64(item.get_ref<const std::string&>()) : fail(Errc::invalid, "no text");
    if (!hash || hash->size() != 32) return fail(Errc::invalid, "inclusionProof: a hash that is not 32 bytes");
    proof.hashes.push_back(std::move(*hash));
  }
  for (const ProtoFields* read : {&fields, &checkpoint}) {
    if (auto done = read->done(); !done) return fail(std::move(done.error()));
  }
  if (proof.hashes.size() > most_hashes) return fail(Errc::limit, "inclusionProof: more than {} hashes", most_hashes);
  return proof;
}

std::string fold(std::string_view left, std::string_view right) {
  auto hash = sha256(fmt::format("\x01{}{}", left, right));
  return hash ? std::move(*hash) : std::string();
}

// The line at the front of `text` without its end, which is cut off `text`; none when there is no whole line.
std::optional<std::string_view> take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

// Whether one of the note's signature lines ("— NAME BASE64") is by `log` over `text`.
bool signed_by(std::string_view lines, std::string_view text, const TrustedLog& log) {
  constexpr std::string_view dash = "\xe2\x80\x94 ";
  constexpr std::size_t hint = 4;
  while (auto line = take_line(lines)) {
    const auto space = line->rfind(' ');
    if (!line->starts_with(dash) || space < dash.size()) continue;
    const auto signature = decode_base64(line->substr(space + 1));
    if (!signature || signature->size() <= hint || !log.id.starts_with(signature->substr(0, hint))) continue;
    if (log.key.verify(text, std::string_view(*signature).substr(hint))) return true;
  }
  return false;
}

}  // namespace

Result<LogEntry> parse_log_entry(const Json& json) {
  ProtoFields fields(json, "tlogEntries");
  ProtoFields id(fields.object("logId"), "logId");
  ProtoFields kind(fields.object("kindVersion"), "kindVersion");
  ProtoFields promise(fields.object("inclusionPromise"), "inclusionPromise");
  LogEntry entry;
  entry.log_id = id.bytes("keyId");
  entry.log_index = fields.unsigned_number("logIndex");
  entry.integrated_time = fields.time("integratedTime");
  entry.kind = kind.text("kind");
  entry.version = kind.text("version");
  entry.body = fields.bytes("canonicalizedBody");
  entry.timestamp = promise.bytes("signedEntryTimestamp");
  if (fields.has("inclusionProof")) {
    auto proof = parse_proof(fields.object("inclusionProof"));
    if (!proof) return fail(std::move(proof.error()));
    entry.proof = std::move(*proof);
  }
  for (const ProtoFields* read : {&fields, &id, &kind, &promise}) {
    if (auto done = read->done(); !done) return fail(std::move(done.error()));
  }
  return entry;
}

Result<LogEntry> parse_log_annotation(std::string_view json) {
  auto document = parse_json(json, largest_annotation);
  if (!document) return fail(with_context(std::move(document.error()), "log entry"));
  ProtoFields fields(*document, "log entry");
  ProtoFields payload(fields.object("Payload"), "log entry");
  LogEntry entry;
  entry.timestamp = fields.bytes("SignedEntryTimestamp");
  entry.body = payload.bytes("body");
  entry.integrated_time = payload.time("integratedTime");
  entry.log_index = payload.unsigned_number("logIndex");
  entry.log_id = payload.hex("logID");
  for (const ProtoFields* read : {&fields, &payload}) {
    if (auto done = read->done(); !done) return fail(std::move(done.error()));
  }
  return entry;
}

bool is_rekor_v2(const LogEntry& entry) {
  return entry.version == "0.0.2" && (entry.kind == "hashedrekord" || entry.kind == "dsse");
}

Result<void> verify_entry_timestamp(const LogEntry& entry, const TrustedLog& log) {
  if (entry.timestamp.empty()) {
    return fail(Errc::unsupported, "there is none; timestamps of other authorities (RFC 3161) are not supported");
  }
  // Rekor signs this as canonical JSON (RFC 8785): sorted keys, no white space.
  const std::string message =
      fmt::format(R"({{"body":"{}","integratedTime":{},"logID":"{}","logIndex":{}}})", encode_base64(entry.body),
                  entry.integrated_time, hex_of(entry.log_id), entry.log_index);
  return log.key.verify(message, entry.timestamp);
}

Result<void> verify_inclusion(const LogEntry& entry) {
  const InclusionProof& proof = *entry.proof;
  const auto wrong = [] { return fail(Errc::integrity, "the entry's hash does not lead to the tree's root"); };
  if (proof.log_index >= proof.tree_size) return fail(Errc::integrity, "the entry's index lies outside the tree");
  auto leaf = sha256(std::string(1, '\0') + entry.body);
  if (!leaf) return fail(std::move(leaf.error()));
  std::string hash = std::move(*leaf);
  std::uint64_t index = proof.log_index;
  std::uint64_t last = proof.tree_size - 1;
  for (const std::string& sibling : proof.hashes) {
    if (last == 0) return wrong();
    const bool right = (index & 1) != 0 || index == last;
    hash = right ? fold(sibling, hash) : fold(hash, sibling);
    while (right && (index & 1) == 0 && index != 0) {
      index >>= 1;
      last >>= 1;
    }
    index >>= 1;
    last >>= 1;
  }
  if (last != 0 || hash != proof.root_hash) return wrong();
  return {};
}

Result<void> verify_checkpoint(const InclusionProof& proof, const TrustedLog& log) {
  std::string_view rest = proof.checkpoint;
  const auto blank = rest.find("\n\n");
  if (blank == std::string_view::npos) return fail(Errc::integrity, "not a signed note");
  const std::string_view text = rest.substr(0, blank + 1);
  const std::string_view signatures = rest.substr(blank + 2);
  if (!signed_by(signatures, text, log)) return fail(Errc::integrity, "not signed by the log");
  rest = text;
  const auto origin = take_line(rest);
  const auto size = take_line(rest);
  const auto root = take_line(rest);
  if (!origin || origin->empty() || !size || !root) return fail(Errc::integrity, "lines are missing");
  const auto number = parse_unsigned(*size);
  if (!number || *number != proof.tree_size) return fail(Errc::integrity, "its tree size is not the proof's");
  const auto hash = decode_base64(*root);
  if (!hash || *hash != proof.root_hash) return fail(Errc::integrity, "its root is not the proof's");
  return {};
}

}  // namespace schedkit
