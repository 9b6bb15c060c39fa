# SPDX-License-Identifier: GPL-2.0-or-later
# The only room that knows SQLite.  What links it needs -lsqlite3.
LIB_SRCS += $(addprefix user/lib/db/,db.c db_conn.c db_rows.c db_migrate.c db_writer.c db_copy.c)
