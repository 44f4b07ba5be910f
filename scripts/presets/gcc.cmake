# cmake -S . -B build-gcc -C scripts/presets/gcc.cmake
set(CMAKE_C_COMPILER gcc CACHE STRING "")
