#include "aggregation/tensor/kernels_block.h"

namespace tributary::kernels {
SumBlock* SumBlockForAvx2() { return nullptr; }
}  // namespace tributary::kernels
