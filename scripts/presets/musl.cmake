# cmake -S . -B build-musl -C scripts/presets/musl.cmake
set(CMAKE_C_COMPILER musl-gcc CACHE STRING "")
set(CMAKE_EXE_LINKER_FLAGS -static CACHE STRING "")
