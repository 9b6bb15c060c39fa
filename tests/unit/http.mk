# SPDX-License-Identifier: GPL-2.0-or-later
# HTTP and S3 as they stand on the wire.

UNIT_TESTS	+= test_str test_http_head test_http_body test_http_text test_s3_sig test_s3_stream test_s3_setting test_s3_xml test_s3_names test_s3_policy test_s3_post test_s3_sdk test_s3_params test_http_server test_http_listen test_http_near test_http_client
test_s3_setting_LIBS	:= -lexpat
test_s3_xml_LIBS	:= -lexpat
test_s3_policy_LIBS	:= -ljansson
test_s3_post_LIBS	:= -ljansson
test_s3_params_LIBS	:= -lexpat
test_http_server_LIBS	:= -lssl -luring
test_http_listen_LIBS	:= -lssl -luring
test_http_near_LIBS	:= -lssl -luring
test_http_client_LIBS	:= -lssl -luring
