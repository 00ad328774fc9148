/** A command as far as a shell completes it. */
export interface Completable {
  readonly name: string;
  readonly about: string;
  readonly flags: readonly string[];
  readonly takesName: boolean;
}

export type Shell = "bash" | "zsh" | "fish";

export const COMPLETIONS: Readonly<Record<Shell, (commands: readonly Completable[]) => string>> = {
  bash,
  zsh: zshScript,
  fish,
};

/** Names from the cluster that the flags on the line lead to; silent when there is none. */
const NAMES = `sluice get -o name 2>/dev/null | sed 's|.*/||'`;

function bash(commands: readonly Completable[]): string {
  const cases = commands.map(({ name, flags, takesName }) => {
    const words = `words="${flags.join(" ")}"`;
    return `    ${name}) ${words}${takesName ? ` names=1` : ""} ;;`;
  });
  return `_sluice() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words="" names=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")}" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
    *) [ -n "$names" ] && COMPREPLY=($(compgen -W "$(${NAMES})" -- "$current")) ;;
  esac
}
complete -o default -F _sluice sluice
`;
}

function zshScript(commands: readonly Completable[]): string {
  // zsh reads completions of bash.
  return `#compdef sluice
autoload -U +X bashcompinit && bashcompinit
${bash(commands)}`;
}

function fish(commands: readonly Completable[]): string {
  const lines = commands.flatMap(({ name, about, flags, takesName }) => {
    const seen = `__fish_seen_subcommand_from ${name}`;
    return [
      `complete -c sluice -n __fish_use_subcommand -f -a ${name} -d '${about.replaceAll("'", "\\'")}'`,
      ...flags.map((flag) => `complete -c sluice -n '${seen}' -l ${flag.replace(/^--/, "")}`),
      ...(takesName ? [`complete -c sluice -n '${seen}' -f -a "(${NAMES})"`] : []),
    ];
  });
  return `${lines.join("\n")}\n`;
}
