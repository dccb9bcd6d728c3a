// Compiled with AVX2 allowed; nothing here may run before the processor was asked.

#include "aggregation/tensor/kernels_block.h"

namespace tributary::kernels {

static SumBlock SumBlockAvx2;
TRIBUTARY_SUM_BLOCK(SumBlockAvx2)

SumBlock* SumBlockForAvx2() { return __builtin_cpu_supports("avx2") ? SumBlockAvx2 : nullptr; }

}  // namespace tributary::kernels
