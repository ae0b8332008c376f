// UTF-8: encoding, decoding, checking.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace latent {

/// Appends the code point `code`, at most 0x10FFFF.
void append_utf8(std::string& out, uint32_t code);

/// The code point whose bytes begin at text[at]; `at` moves behind them. Where no well-formed ones
/// begin (Unicode, table 3-7: no overlong form, no surrogate): -1, and `at` moves on by one byte.
int32_t next_code_point(std::string_view text, size_t& at);

bool is_utf8(std::string_view text);

/// ASCII, Latin, Greek and Cyrillic capitals as small letters, code point by code point; all else
/// as it stands. For looking up text, not for showing it.
std::string lower_case(std::string_view text);

/// Each byte taken for the character of its number.
std::string utf8_of_latin1(std::string_view text);

}  // namespace latent
