#include "core/bus/property_value.h"

#include <systemd/sd-bus.h>

#include <limits>

namespace schedkit {

namespace {

template <class T>
Result<T> read(sd_bus_message* message, char type) {
  T value{};
  const int error = sd_bus_message_read_basic(message, type, &value);
  if (error <= 0) return fail(Errc::invalid, "a broken value");
  return value;
}

template <class T>
Result<PropertyValue> read_integer(sd_bus_message* message, char type) {
  const auto value = read<T>(message, type);
  if (!value) return fail(value.error());
  if constexpr (std::is_same_v<T, std::uint64_t>) {
    if (*value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return fail(Errc::unsupported, "the number {} is too large", *value);
    }
  }
  return PropertyValue(static_cast<std::int64_t>(*value));
}

Result<PropertyValue> read_contents(sd_bus_message* message, char type) {
  switch (type) {
    case SD_BUS_TYPE_BOOLEAN: return read<int>(message, type).map([](int value) { return PropertyValue(value != 0); });
    case SD_BUS_TYPE_BYTE: return read_integer<std::uint8_t>(message, type);
    case SD_BUS_TYPE_INT16: return read_integer<std::int16_t>(message, type);
    case SD_BUS_TYPE_UINT16: return read_integer<std::uint16_t>(message, type);
    case SD_BUS_TYPE_INT32: return read_integer<std::int32_t>(message, type);
    case SD_BUS_TYPE_UINT32: return read_integer<std::uint32_t>(message, type);
    case SD_BUS_TYPE_INT64: return read_integer<std::int64_t>(message, type);
    case SD_BUS_TYPE_UINT64: return read_integer<std::uint64_t>(message, type);
    case SD_BUS_TYPE_DOUBLE: return read<double>(message, type).map([](double value) { return PropertyValue(value); });
    default:
      return read<const char*>(message, type).map([](const char* value) { return PropertyValue(std::string(value)); });
  }
}

}  // namespace

Result<PropertyValue> read_variant(sd_bus_message* message) {
  char type = 0;
  const char* contents = nullptr;
  if (sd_bus_message_peek_type(message, &type, &contents) <= 0 || type != SD_BUS_TYPE_VARIANT) {
    return fail(Errc::invalid, "there is no value");
  }
  const std::string_view signature(contents);
  if (signature.size() != 1 || std::string_view("bynqiuxtdsog").find(signature[0]) == std::string_view::npos) {
    sd_bus_message_skip(message, "v");
    return fail(Errc::unsupported, "a value of the D-Bus type \"{}\" cannot be compared", signature);
  }
  if (sd_bus_message_enter_container(message, SD_BUS_TYPE_VARIANT, contents) <= 0) {
    return fail(Errc::invalid, "a broken value");
  }
  auto value = read_contents(message, signature[0]);
  sd_bus_message_exit_container(message);
  return value;
}

}  // namespace schedkit
