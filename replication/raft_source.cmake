# The raft library built from a source directory in the one version that we know, with its asserts, which the packaged one
# lacks. For tests (CONTRIBUTING.md).
file(READ ${HEARTH_RAFT_SOURCE}/configure.ac raft_configuration)
if(NOT raft_configuration MATCHES "AC_INIT\\(\\[raft\\], \\[${HEARTH_RAFT_VERSION}\\]\\)")
  message(FATAL_ERROR "${HEARTH_RAFT_SOURCE} is not the source of the raft library ${HEARTH_RAFT_VERSION}")
endif()
set(enable_v0 yes)
configure_file(${HEARTH_RAFT_SOURCE}/include/raft.h.in ${PROJECT_BINARY_DIR}/raft/raft.h @ONLY)
file(GLOB raft_sources ${HEARTH_RAFT_SOURCE}/src/*.c)
list(FILTER raft_sources EXCLUDE REGEX "/(uv|uv_[a-z_]*|fixture)\\.c$") # its own input and output, and its own tests
add_library(hearth_raft_source STATIC ${raft_sources})
target_include_directories(hearth_raft_source PUBLIC ${PROJECT_BINARY_DIR}/raft ${HEARTH_RAFT_SOURCE}/include)
target_compile_definitions(hearth_raft_source PRIVATE V0_ENABLED)
target_compile_options(hearth_raft_source PRIVATE -w -UNDEBUG)
add_library(PkgConfig::RAFT ALIAS hearth_raft_source)
