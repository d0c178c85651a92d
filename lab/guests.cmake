# guests.cmake - the lab's two freestanding programs; sets lab_bare_image and lab_writer_image to files that are
# empty where this compiler cannot build them.  Neither needs a library or its headers in 32-bit form.
set(lab_dir ${CMAKE_BINARY_DIR}/lab)
file(MAKE_DIRECTORY ${lab_dir})
set(freestanding -O2 -std=c17 -ffreestanding -nostdlib -static -fno-pie -no-pie -fno-stack-protector
                 -fno-asynchronous-unwind-tables -Wall -Wextra -Wshadow -Wconversion -Werror -Wl,--build-id=none)

# lab_program(VARIABLE NAME probe flags ... SOURCES files): NAME.elf, or an empty file with a line that says so.
function(lab_program variable name flags)
  file(WRITE ${lab_dir}/probe.c "void _start(void);\nvoid _start(void)\n{\n    for (;;)\n        ;\n}\n")
  execute_process(
    COMMAND ${CMAKE_C_COMPILER} ${freestanding} ${flags} ${lab_dir}/probe.c -o ${lab_dir}/probe.elf
    RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
  if(failed)
    message(STATUS "lab: ${CMAKE_C_COMPILER} cannot build the ${name} guest program (${flags}); its captures will be skipped")
    file(WRITE ${lab_dir}/${name}.empty "")
    set(${variable} ${lab_dir}/${name}.empty PARENT_SCOPE)
    return()
  endif()
  list(TRANSFORM ARGN PREPEND ${CMAKE_SOURCE_DIR}/lab/)
  set(sources ${ARGN})
  list(FILTER sources EXCLUDE REGEX "\\.ld$")
  set(scripts ${ARGN})
  list(FILTER scripts INCLUDE REGEX "\\.ld$")
  list(TRANSFORM scripts PREPEND -Wl,-T, OUTPUT_VARIABLE script_flags)
  add_custom_command(
    OUTPUT ${lab_dir}/${name}.elf
    COMMAND ${CMAKE_C_COMPILER} ${freestanding} ${flags} ${script_flags} ${sources} -o ${lab_dir}/${name}.elf
    DEPENDS ${ARGN}
    COMMENT "Building the ${name} guest program"
    VERBATIM)
  set(${variable} ${lab_dir}/${name}.elf PARENT_SCOPE)
endfunction()

lab_program(lab_bare_image bare "-m32;-mgeneral-regs-only" guest/boot.S guest/guest.c guest/guest.ld)
lab_program(lab_writer_image writer "-m64;-D_GNU_SOURCE" linux/writer.c)
