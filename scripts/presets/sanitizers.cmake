# cmake -S . -B build-sanitizers -C scripts/presets/sanitizers.cmake
set(SANITIZE address,undefined CACHE STRING "")
