#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each write that is refused leaves a line that says why, whatever was written; a path that
# could mean more than one file is refused.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires python3
plan 19
load_module hedge

errors() { wc -l </proc/vmstats/errors; }
# written TEXT BYTES PATTERN: so many bytes are refused, by one line.
written()
{
	local before status=0
	before=$(errors)
	python3 - "$2" <<-'PY' || status=$?
		import errno, os, sys
		fd = os.open("/proc/monitor", os.O_WRONLY)
		try:
		    os.write(fd, b"x" * int(sys.argv[1]))
		except OSError as error:
		    sys.exit(error.errno != errno.EINVAL)
		sys.exit("it was taken")
	PY
	is "$status $(($(errors) - before))" "0 1" "$1 is refused, and told of"
	check "with the reason" grep -q "$3" <(tail -n 1 /proc/vmstats/errors)
}
written "a write of nothing" 0 'COMMAND: empty'
written "one of as much as a command may have" 16384 'COMMAND: not one of'
written "one of a byte more" 16385 'COMMAND: too long; at most 16384 bytes'
written "one of far more" 5000000 'COMMAND: too long; at most 16384 bytes'

must cp "$guests/hang.hvt" "$TMPDIR/image"
cd "$TMPDIR" || bail "no $TMPDIR"
for command in "load|image" "load|./image" "unload|image" "start|a|image||32|||x" "dump|a|core" "snapshot|a|snap" "restore|a|snap|||"; do
	refused "a relative path is refused: $command" "$command" 'PATH: relative; a path that begins with /'
done
check "an absolute one is not" tell "load|$TMPDIR/image"

# --- what would be waited for ---
must mkfifo "$TMPDIR/fifo"
for command in "load|$TMPDIR/fifo" "start|a|$TMPDIR/fifo||32|||x"; do
	refused "a FIFO is no image: ${command%%|*}" "$command" 'PATH: it is no regular file'
done
refused "and no snapshot" "restore|a|$TMPDIR/fifo|||" 'PATH: it is no regular file'
