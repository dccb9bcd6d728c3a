# libtorch as imported targets. TorchConfig.cmake is not used: it wants a whole CUDA toolkit at
# configure time and puts its bundled protobuf headers before the system's.

# -DTRIBUTARY_TORCH=... is remembered and comes first. The environment is not remembered but read
# at every configure, so that setting, changing or unsetting it there has its effect.
if(NOT TRIBUTARY_TORCH)
  set(TRIBUTARY_TORCH "$ENV{TRIBUTARY_TORCH}")
endif()
if(NOT TRIBUTARY_TORCH)
  set(TRIBUTARY_TORCH ${CMAKE_SOURCE_DIR}/deps/torch/torch)
endif()
if(NOT IS_ABSOLUTE ${TRIBUTARY_TORCH})
  message(FATAL_ERROR "TRIBUTARY_TORCH=${TRIBUTARY_TORCH}: give an absolute path")
endif()
if(NOT EXISTS ${TRIBUTARY_TORCH}/lib/libtorch_cpu.so)
  message(FATAL_ERROR "no libtorch in ${TRIBUTARY_TORCH}: run deploy/setup, or set "
          "TRIBUTARY_TORCH=/path/to/torch, or configure with -DTRIBUTARY_WITH_TORCH=OFF")
endif()
# The numbers moved between header files in 2.9.
set(torch_version_lines "")
foreach(header headeronly/version.h csrc/api/include/torch/version.h)
  if(NOT torch_version_lines AND EXISTS ${TRIBUTARY_TORCH}/include/torch/${header})
    file(STRINGS ${TRIBUTARY_TORCH}/include/torch/${header} torch_version_lines
         REGEX "#define TORCH_VERSION_(MAJOR|MINOR) ")
  endif()
endforeach()
if(NOT torch_version_lines)
  message(FATAL_ERROR "no headers in ${TRIBUTARY_TORCH}/include: libtorch without them cannot be used")
endif()
string(REGEX REPLACE ".*MAJOR +([0-9]+).*MINOR +([0-9]+).*" "\\1.\\2" TRIBUTARY_TORCH_VERSION
       "${torch_version_lines}")
if(TRIBUTARY_TORCH_VERSION VERSION_LESS 2.9)
  message(FATAL_ERROR "libtorch in ${TRIBUTARY_TORCH} is ${TRIBUTARY_TORCH_VERSION}; 2.9 or later is needed")
endif()
message(STATUS "libtorch ${TRIBUTARY_TORCH_VERSION} in ${TRIBUTARY_TORCH}")

add_library(c10 SHARED IMPORTED)
set_target_properties(c10 PROPERTIES IMPORTED_LOCATION ${TRIBUTARY_TORCH}/lib/libc10.so)
add_library(torch_cpu SHARED IMPORTED)
set_target_properties(torch_cpu PROPERTIES IMPORTED_LOCATION ${TRIBUTARY_TORCH}/lib/libtorch_cpu.so)
# After the system's own folders: libtorch brings headers of fmt, protobuf and others along.
target_compile_options(torch_cpu INTERFACE "SHELL:-idirafter ${TRIBUTARY_TORCH}/include"
  "SHELL:-idirafter ${TRIBUTARY_TORCH}/include/torch/csrc/api/include")
target_compile_definitions(torch_cpu INTERFACE _GLIBCXX_USE_CXX11_ABI=1)
target_link_libraries(torch_cpu INTERFACE c10)
# What libtorch_cpu.so itself needs (CUDA runtime, CUPTI) is found through its own run path.
target_link_options(torch_cpu INTERFACE -Wl,--unresolved-symbols=ignore-in-shared-libs)
