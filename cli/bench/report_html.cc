#include <algorithm>
#include <array>
#include <cmath>

#include "cli/bench/report.h"
#include "cli/bench/summary.h"
#include "core/base/text.h"
#include "core/bus/time_text.h"

namespace schedkit {

namespace {

constexpr double label_width = 150;
constexpr double plot_width = 560;
constexpr double row_height = 34;
constexpr double axis_height = 34;

constexpr std::string_view head = R"(<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>schedctl bench</title>
<style>
:root { color-scheme: light dark; --ink: #1c2024; --quiet: #667; --line: #d4d8de; --bar: #3b6fb6; --better: #2e8b57; --worse: #c0482f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8ea; --quiet: #99a; --line: #3a3f46; --bar: #7aa5e0; --better: #6cc493; --worse: #ec8a73; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); max-width: 760px; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.4em; } h2 { font-size: 1.1em; margin: 2.2em 0 0; }
p { margin: .2em 0 .8em; color: var(--quiet); }
svg { width: 100%; height: auto; display: block; }
svg text { font: 13px system-ui, sans-serif; fill: var(--ink); } svg .tick { fill: var(--quiet); font-size: 11px; }
.grid { stroke: var(--line); } .tail { stroke: var(--bar); stroke-opacity: .45; stroke-width: 2; }
.baseline, .alike { fill: var(--bar); } .better { fill: var(--better); } .worse { fill: var(--worse); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .2em .6em; border-bottom: 1px solid var(--line); font-weight: normal; }
th:first-child, td:first-child, td:last-child { text-align: left; } thead th { color: var(--quiet); }
</style>
)";

std::string escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '&': escaped += "&amp;"; break;
      case '"': escaped += "&quot;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

std::string_view style_of(BenchVerdict verdict) {
  switch (verdict) {
    case BenchVerdict::baseline: return "baseline";
    case BenchVerdict::better: return "better";
    case BenchVerdict::worse: return "worse";
    case BenchVerdict::alike: return "alike";
  }
  return "";
}

// Times that differ by powers of ten are drawn on a logarithmic axis; rates, which do not, from zero.
class Axis {
 public:
  Axis(const Workload& workload, const std::vector<BenchFigure>& figures) : logarithmic_(!workload.more_is_better) {
    double low = figures.front().p50;
    double high = low;
    for (const auto& figure : figures) {
      for (const double value : {figure.p50, figure.p99, figure.low, figure.high}) {
        if (value > 0) low = low > 0 ? std::min(low, value) : value;
        high = std::max(high, value);
      }
    }
    low_ = logarithmic_ ? std::pow(10, std::floor(std::log10(std::max(low, 1e-6)))) : 0;
    high_ = logarithmic_ ? std::max(low_ * 10, std::pow(10, std::ceil(std::log10(std::max(high, 1e-6))))) : high * 1.1;
  }

  double x(double value) const {
    if (high_ <= low_) return label_width;
    const double share = logarithmic_ ? std::log10(std::max(value, low_) / low_) / std::log10(high_ / low_)
                                      : (value - low_) / (high_ - low_);
    return label_width + plot_width * std::clamp(share, 0.0, 1.0);
  }

  std::vector<double> ticks() const {
    std::vector<double> values;
    if (logarithmic_) {
      for (double value = low_; value <= high_ * 1.001; value *= 10) values.push_back(value);
    } else {
      for (int i = 0; i <= 4; ++i) values.push_back(high_ * i / 4);
    }
    return values;
  }

 private:
  bool logarithmic_;
  double low_ = 0, high_ = 0;
};

std::string grid(const Axis& axis, double height) {
  std::string svg;
  for (const double tick : axis.ticks()) {
    svg += fmt::format(
        "<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"0\" y2=\"{1:.0f}\"/>"
        "<text class=\"tick\" x=\"{0:.1f}\" y=\"{2:.0f}\" text-anchor=\"middle\">{3:.4g}</text>\n",
        axis.x(tick), height, height + 16, tick);
  }
  return svg;
}

// The line goes from p50 to p99, the box is the interval of what is compared.
std::string row(const Workload& workload, const Axis& axis, const BenchFigure& figure, BenchVerdict verdict, double y) {
  const double left = axis.x(figure.low);
  std::string svg = fmt::format("<text x=\"0\" y=\"{:.0f}\">{}</text>", y + 5, escape(figure.scheduler));
  if (!workload.more_is_better) {
    svg += fmt::format("<line class=\"tail\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.0f}\" y2=\"{:.0f}\"/>",
                       axis.x(figure.p50), axis.x(figure.p99), y, y);
  }
  svg += fmt::format(
      "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.0f}\" width=\"{:.1f}\" height=\"14\" rx=\"2\"><title>{:.4g} to {:.4g} "
      "{}</title></rect>\n",
      style_of(verdict), left, y - 7, std::max(3.0, axis.x(figure.high) - left), figure.low, figure.high,
      escape(workload.unit));
  return svg;
}

std::string plot(const Workload& workload, const std::vector<BenchFigure>& figures) {
  const Axis axis(workload, figures);
  const double height = row_height * static_cast<double>(figures.size());
  std::string svg = fmt::format("<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">\n",
                                label_width + plot_width + 30, height + axis_height, escape(workload.title));
  svg += grid(axis, height);
  double y = row_height / 2;
  for (const auto& figure : figures) {
    svg += row(workload, axis, figure, compare(workload, figure, figures.front()), y);
    y += row_height;
  }
  return svg + "</svg>\n";
}

std::string table(const Workload& workload, const std::vector<BenchFigure>& figures) {
  std::string html = fmt::format(
      "<table><thead><tr><th></th><th>p50</th><th>p95</th><th>p99</th><th>p{:.0f} by round, 95 "
      "%</th><th></th></tr></thead>\n",
      workload.share * 100);
  for (const auto& figure : figures) {
    html += fmt::format(
        "<tr><td>{}</td><td>{:.4g}</td><td>{:.4g}</td><td>{:.4g}</td><td>{:.4g} to {:.4g}</td><td>{}</td></tr>\n",
        escape(figure.scheduler), figure.p50, figure.p95, figure.p99, figure.low, figure.high,
        to_string(compare(workload, figure, figures.front())));
  }
  return html + "</table>\n";
}

std::string section(const BenchResult& result, const Workload& workload) {
  const auto figures = summarise(result, workload);
  if (figures.empty()) return {};
  return fmt::format("<h2>{}</h2>\n<p>{}, in {}: {} is better.</p>\n", escape(workload.name), escape(workload.title),
                     escape(workload.unit), workload.more_is_better ? "more" : "less") +
         plot(workload, figures) + table(workload, figures);
}

}  // namespace

std::string bench_html(const BenchResult& result, const BenchPlace& place) {
  std::string html(head);
  html += fmt::format(
      "<h1>CPU schedulers on this machine</h1>\n<p>{}; Linux {}; {} CPUs{}{}; {} rounds of {} per workload.</p>\n",
      format_time(place.at, false), escape(place.kernel), place.cpus, place.cpu.empty() ? "" : ", ", escape(place.cpu),
      result.rounds, format_duration(result.plan.duration));
  html += fmt::format(
      "<p>A box is the 95 % interval of what schedulers are compared by, a line goes from p50 to p99. Green and red: "
      "better "
      "and worse than {}, whose interval it does not touch.</p>\n",
      escape(result.plan.schedulers.front()));
  for (const auto& workload : result.plan.workloads) html += section(result, workload);
  for (const auto& [scheduler, why] : result.failed) {
    html += fmt::format("<p>{} was left out: {}</p>\n", escape(scheduler), escape(why));
  }
  return html + "</html>\n";
}

}  // namespace schedkit
