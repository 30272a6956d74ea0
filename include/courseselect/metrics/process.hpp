#pragma once
/// The standard `process_*` metrics of Prometheus' client libraries.

#include "courseselect/metrics/registry.hpp"

namespace courseselect::metrics {

/// CPU seconds, memory, descriptors, threads and start time of this process, from `/proc/self` and
/// `getrusage`. What the system does not tell is left out. Takes some 50 us, more with thousands of
/// descriptors on a kernel before 6.2, which has to be asked for each of them.
void collect_process(Scrape& scrape);

}  // namespace courseselect::metrics
