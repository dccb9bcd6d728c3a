#include "aggregation/tensor/kernels_block.h"

namespace tributary::kernels {
TRIBUTARY_SUM_BLOCK(SumBlockAvx2)
}  // namespace tributary::kernels
