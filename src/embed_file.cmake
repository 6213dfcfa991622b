# Called by tsr_embed() at build time: -DSYMBOL -DINPUT -DOUTPUT.
file(READ ${INPUT} bytes HEX)
string(LENGTH "${bytes}" digits)
math(EXPR count "${digits} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
file(WRITE ${OUTPUT} "#include <stddef.h>
extern const char ${SYMBOL}[];
extern const size_t ${SYMBOL}_bytes;
const char ${SYMBOL}[] = {${bytes}0};
const size_t ${SYMBOL}_bytes = ${count};
")
