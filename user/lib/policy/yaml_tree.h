/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SKY_POLICY_YAML_TREE_H
#define SKY_POLICY_YAML_TREE_H

#include <stddef.h>

#include <jansson.h>

#define YAML_TREE_WHY	160

/**
 * yaml_tree_read() - One YAML document as a tree such as JSON would give.
 * @text: @len untrusted bytes
 * @len: how many
 * @tree: receives it, the caller's to release; NULL when there is none
 * @why: receives what is wrong, with its line
 *
 * Plain words that are integers, truth values or null are that, all else is text.  Anchors,
 * aliases, tags, names that are there twice and more than 12 levels are refused.
 *
 * Return: 0, -EINVAL with @why, or -ENOMEM.
 */
int yaml_tree_read(const char *text, size_t len, json_t **tree, char why[YAML_TREE_WHY]);

#endif /* SKY_POLICY_YAML_TREE_H */
