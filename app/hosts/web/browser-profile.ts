/**
 * A browser with a profile of its own, and that profile's end. A shell of the browser's user does all of it: root that removed
 * what a person owns could be led elsewhere by a link in it.
 *
 * A profile is in use while somebody holds its lock (flock(2)): the shell, or the browser, which has it from the shell. What nobody
 * holds was left by a shell that was killed. A folder gets its name when its lock is held, so that nobody who starts at the
 * same moment takes it for left; the lock goes last.
 */
const script = `
remove() {
  for pause in 0 1 2; do
    sleep $pause
    rm -rf -- "$1/profile" 2>/dev/null && rm -rf -- "$1" && return
  done
}
where=$1 option=$2 program=$3
shift 3
for old in "$where"/slipway-browser-*; do
  if [ -d "$old" ] && [ ! -L "$old" ] && [ -O "$old" ] && [ -f "$old/in-use" ]; then
    (flock -n 9 && remove "$old") 9<"$old/in-use"
  fi
done
made=$(mktemp -d "$where/.slipway-browser-XXXXXXXXXX") || exit 1
own=$where/slipway-browser-\${made##*-}
exec 9>"$made/in-use"
flock -n 9 && mkdir "$made/profile" && mv -T -- "$made" "$own" || { rm -rf -- "$made"; exit 1; }
trap : HUP INT TERM
case $option in
*=) set -- "$option$own/profile" "$@" ;;
*) set -- "$option" "$own/profile" "$@" ;;
esac
"$program" "$@"
ended=$?
remove "$own"
exit $ended
`;

/**
 * Words for sh(1), to be run as the browser's user; it ends as the browser does. `option` is how the browser takes a profile:
 * with an equals sign at its end, or before a word of its own. `folder` has the profiles of all users, as /tmp.
 */
export function withOwnProfile(option: string, program: string, words: readonly string[], folder = '/tmp'): string[] {
  return ['-c', script, 'sh', folder, option, program, ...words];
}
