// completion: scripts that complete command lines in bash and zsh, made of the table of commands.
#include <algorithm>

#include "src/app/commands.h"
#include "src/base/edit_distance.h"
#include "src/base/error.h"
#include "src/config/knobs.h"

namespace latent {

namespace {

using Texts = std::vector<std::string>;

std::string joined(const Texts& words, const std::string& between = " ") {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : between) + word;
  return out;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

/// `text` as one word of a shell.
std::string quoted(const std::string& text) { return "'" + replaced(text, "'", "'\\''") + "'"; }

/// What a word of a command line is, by what help calls it.
enum class Kind { kFile, kKnob, kChoice, kOther };

Kind kind_of(const std::string& name) {
  if (name.empty()) return Kind::kOther;
  if (name == "KEY=VALUE") return Kind::kKnob;
  if (name[0] >= 'a' && name[0] <= 'z') return Kind::kChoice;
  for (const char* file : {"CONFIG", "FILE", "RUN", "MODEL", "DIR", "TRAIN"}) {
    if (name.starts_with(file)) return Kind::kFile;
  }
  return Kind::kOther;
}

/// "--run-dir", and "-o" where there is a letter; some have a letter alone.
Texts spellings(const CommandShape::Option& option) {
  Texts out;
  if (!option.name.empty()) out.push_back("--" + option.name);
  if (option.letter != '\0') out.push_back(std::string("-") + option.letter);
  return out;
}

/// A function of either shell that prints the values of a knob that has few.
std::string values_function() {
  RunConfig config;
  std::string out = "_latent_values() {\n  case $1 in\n";
  for (const Knob& knob : knobs(config)) {
    Texts values = knob.range.schema.value("enum", Texts());
    if (std::holds_alternative<bool*>(knob.target)) values = {"true", "false"};
    if (!values.empty()) out += "    " + knob.name + ") echo " + quoted(joined(values)) + " ;;\n";
  }
  return out + "  esac\n}\n";
}

Texts knob_names() {
  RunConfig config;
  Texts out;
  for (const Knob& knob : knobs(config)) out.push_back(knob.name);
  return out;
}

Texts command_names() {
  Texts out;
  for (const Command& command : command_table()) out.push_back(command.name);
  return out;
}

/// The line of `command` in bash's script: its options, which of them take a value, which of those
/// a file, and its words: choices, FILE or -.
std::string bash_case(const Command& command) {
  const CommandShape shape = shape_of(command);
  Texts options, valued, files, words;
  for (const auto& option : shape.options) {
    for (const std::string& spelling : spellings(option)) {
      options.push_back(spelling);
      if (!option.value.empty()) valued.push_back(spelling);
      if (kind_of(option.value) == Kind::kFile) files.push_back(spelling);
    }
  }
  for (const std::string& word : shape.words) {
    const Kind kind = kind_of(word);
    words.push_back(kind == Kind::kChoice ? word : kind == Kind::kFile ? "FILE" : "-");
    if (word.ends_with("...")) words.back() += "...";
  }
  return std::string("    ") + command.name + ") options=" + quoted(joined(options)) +
         " valued=" + quoted(joined(valued)) + " files=" + quoted(joined(files)) +
         " words=" + quoted(joined(words)) + " ;;\n";
}

std::string bash_script() {
  std::string cases;
  for (const Command& command : command_table()) cases += bash_case(command);
  const std::string commands = joined(command_names());
  return "# Completes latent's command lines in bash: source <(latent completion bash)\n" +
         values_function() + R"sh(_latent_knobs=)sh" + quoted(joined(knob_names())) + R"sh(

_latent_files() {
  local name
  while IFS= read -r name; do COMPREPLY+=("$name"); done < <(compgen -f -- "$1")
  compopt -o filenames 2>/dev/null
}

_latent_set() {  # WORD: a knob, or a knob and its value
  if [[ $1 == *=* ]]; then
    COMPREPLY=($(compgen -P "${1%%=*}=" -W "$(_latent_values "${1%%=*}")" -- "${1#*=}"))
  else
    COMPREPLY=($(compgen -S = -W "$_latent_knobs" -- "$1"))
    compopt -o nospace 2>/dev/null
  fi
}

_latent() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
  local options='' valued='' files='' words='' kind='' last='' n=0 at
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W ")sh" + commands + R"sh( help --help --version" -- "$cur"))
    return
  fi
  case ${COMP_WORDS[1]} in
)sh" + cases + "    help) words=" + quoted(joined(command_names(), "|")) + R"sh( ;;
  esac
  # bash takes key=value apart at the sign.
  if [[ $cur == = && ${COMP_WORDS[COMP_CWORD-2]} == --set ]]; then
    COMPREPLY=($(compgen -W "$(_latent_values "$prev")"))
    return
  elif [[ $prev == = && ${COMP_WORDS[COMP_CWORD-3]-} == --set ]]; then
    COMPREPLY=($(compgen -W "$(_latent_values "${COMP_WORDS[COMP_CWORD-2]}")" -- "$cur"))
    return
  elif [[ $prev == --set ]]; then
    _latent_set "$cur"
    return
  elif [[ " $files " == *" $prev "* ]]; then
    _latent_files "$cur"
    return
  elif [[ " $valued " == *" $prev "* ]]; then
    return
  elif [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
    return
  fi
  # Which word it is: those before it, without options and their values.
  for ((at = 2; at < COMP_CWORD; ++at)); do
    last=${COMP_WORDS[at-1]}
    [[ ${COMP_WORDS[at]} == -* || ${COMP_WORDS[at]} == = || $last == = ]] && continue
    ((at > 2)) && [[ " $valued " == *" $last "* ]] && continue
    ((++n))
  done
  for kind in $words; do
    if ((n-- == 0)) || [[ $kind == *... ]]; then
      case $kind in
        FILE*) _latent_files "$cur" ;;
        -*) ;;
        *) COMPREPLY=($(compgen -W "${kind//|/ }" -- "$cur")) ;;
      esac
      return
    fi
  done
}

complete -F _latent latent
)sh";
}

/// `text` inside the brackets or between the colons of an argument of _arguments.
std::string zsh_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

/// ":FILE:_files": what completes a word or a value that help calls `name`.
std::string zsh_action(const std::string& name) {
  const std::string out = ":" + zsh_text(name) + ":";
  switch (kind_of(name)) {
    case Kind::kFile:
      return out + "_files";
    case Kind::kKnob:
      return out + "_latent_set";
    case Kind::kChoice:
      return out + "(" + replaced(name, "|", " ") + ")";
    default:
      return out + " ";
  }
}

std::string zsh_case(const Command& command) {
  const CommandShape shape = shape_of(command);
  std::string out = std::string("    ") + command.name + ")\n      _arguments -s";
  for (const auto& option : shape.options) {
    for (const std::string& spelling : spellings(option))
      out += " \\\n        " +
             quoted((option.name == "set" ? "*" : "") + spelling + "[" +
                    zsh_text(option.purpose) + "]" +
                    (option.value.empty() ? "" : zsh_action(option.value)));
  }
  for (size_t n = 0; n < shape.words.size(); ++n) {
    const bool many = shape.words[n].ends_with("...");
    out += " \\\n        " +
           quoted((many ? "*" : std::to_string(n + 1)) + zsh_action(shape.words[n]));
  }
  return out + "\n      ;;\n";
}

std::string zsh_script() {
  std::string described, cases;
  for (const Command& command : command_table()) {
    const std::string name = command.name;
    described += "    " + quoted(name + ":" + zsh_text(command.purpose)) + "\n";
    cases += zsh_case(command);
  }
  return "#compdef latent\n# Completes latent's command lines in zsh: a file _latent in a folder "
         "of $fpath, or source <(latent completion zsh)\n" +
         values_function() + R"sh(
_latent_set() {
  local -a knobs=()sh" + joined(knob_names()) + R"sh()
  if compset -P '*='; then
    compadd -- ${(s: :)"$(_latent_values ${IPREFIX%%=*})"}
  else
    compadd -S = -- $knobs
  fi
}

_latent() {
  local -a commands=(
)sh" + described + R"sh(    'help:the options of a command'
  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  shift words
  ((CURRENT--))
  case $words[1] in
)sh" + cases + "    help)\n      _arguments " +
         quoted("1:COMMAND:(" + joined(command_names()) + ")") + R"sh(
      ;;
  esac
}

if [[ $funcstack[1] == _latent ]]; then
  _latent "$@"
else
  compdef _latent latent
fi
)sh";
}

}  // namespace

int run_completion(int argc, char** argv) {
  CommandLine line("completion bash|zsh",
                   "Prints a script by which the shell completes latent's command lines: commands, "
                   "options, knobs and some of their values behind --set, files.",
                   "latent completion bash > ~/.local/share/bash-completion/completions/latent");
  if (!line.parse(argc, argv, {"bash|zsh"}, 1)) return 0;
  const std::string& shell = line.word(0);
  if (shell != "bash" && shell != "zsh")
    throw UsageError("completion is for bash and zsh, not " + in_quotes(shell) +
                     did_you_mean(shell, {"bash", "zsh"}));
  print(shell == "bash" ? bash_script() : zsh_script());
  return 0;
}

}  // namespace latent
