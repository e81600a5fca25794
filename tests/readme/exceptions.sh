# The commands of the READMEs that are not carried out in full, each with its reason. All others run as they stand.

# `make demo`, `test`, `lint` and `notebooks` of this repository install it, and run for minutes or for ever: only
# whether make knows how is asked. In a customer's project `make` runs.
make() {
  if [ -f template.json ]; then command make "$@"; return; fi
  [ -n "$(command make -n -C "$REPOSITORY" "$@" | grep -v '^make')" ] || { echo "make knows no way to $*"; return 1; }
}

# An installation fetches a gigabyte: what is asked for is compared with setup.cfg instead. The road from a wheel is
# tried by tests/clones.
pip() { command python "$REPOSITORY/tests/readme/readme_pip.py" "$@"; }

# A fresh environment would hide the one that the tests run in: it stays an empty folder that can be activated.
python3() {
  if [ "$1 $2" != "-m venv" ]; then command python3 "$@"; return; fi
  mkdir -p "$3/bin" && touch "$3/bin/activate"
}

# Benchmarks run for an hour on public data: they are there, and are Python.
python() {
  case "$1" in
    tests/benchmarks/*.py) command python -c "import ast, sys; ast.parse(open(sys.argv[1]).read())" "$REPOSITORY/$1" ;;
    *) command python "$@" ;;
  esac
}

# `verticals data get` fetches, and the tests have no network: the reader has a mirror, with stand-ins for the files.
# A service listens on a port that may be taken: it gets one that is free, and `curl` is told which.
verticals() {
  case "$1 $2" in
    "data get") VERTICALS_DATA="$HOME/datasets" command verticals "$@" ;;
    "serve "*) exec "$(type -P verticals)" "$@" --port 0 > "$HOME/served.txt" 2> /dev/null ;;
    *) command verticals "$@" ;;
  esac
}

curl() {
  local address=""
  for _ in $(seq 600); do  # what was started in the background gets ready meanwhile
    address="$(grep -o '127\.0\.0\.1:[0-9]*' "$HOME/served.txt" 2> /dev/null)"
    [ -n "$address" ] && command curl -sf "$address/readyz" > /dev/null && break
    sleep 0.1
  done
  command curl "${@/127.0.0.1:8080/$address}"
}
