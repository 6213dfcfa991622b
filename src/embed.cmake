# Data files of a room (schemes, texts, style sheets) become constants of the library.
#
#   tsr_embed(<symbol> <file>)
#
# makes `const char <symbol>[]` (zero-terminated) and `const size_t <symbol>_bytes` from <file>.

set(TSR_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/embed_file.cmake)

function(tsr_embed symbol file)
    set(source ${CMAKE_CURRENT_SOURCE_DIR}/${file})
    set(output ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.c)
    add_custom_command(OUTPUT ${output}
        COMMAND ${CMAKE_COMMAND} -DSYMBOL=${symbol} -DINPUT=${source} -DOUTPUT=${output} -P ${TSR_EMBED_SCRIPT}
        DEPENDS ${source} ${TSR_EMBED_SCRIPT} VERBATIM)
    # The library is made in the folder above, where this rule is not seen: a target carries it there.
    add_custom_target(embed_${symbol} DEPENDS ${output})
    add_dependencies(tessera embed_${symbol})
    set_source_files_properties(${output} TARGET_DIRECTORY tessera PROPERTIES GENERATED ON)
    target_sources(tessera PRIVATE ${output})
endfunction()
