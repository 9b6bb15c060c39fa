# SPDX-License-Identifier: GPL-2.0-or-later
BENCHES		+= bench-http

PROGRAMS	+= bench-http
bench-http_SRCS	:= $(addprefix tests/bench/http/,main.c client.c servers.c) user/tools/skybench/bench.c
bench-http_LIBS	:= -lssl -luring -ljansson
$(foreach f,$(bench-http_SRCS:.c=),$(eval CFLAGS_$(f) += -Iuser/tools))

bench-http: $(O)/bin/bench-http ## requests over HTTP and TLS, beside a plain epoll server
	@mkdir -p $(O)/bench
	@tests/bench/http/run $(O)/bin/bench-http $(O)/bench/http.json

.PHONY: bench-http
