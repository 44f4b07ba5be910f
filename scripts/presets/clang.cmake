# cmake -S . -B build-clang -C scripts/presets/clang.cmake
set(CMAKE_C_COMPILER clang CACHE STRING "")
