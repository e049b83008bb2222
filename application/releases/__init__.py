"""A release as OpenWrt publishes it: a directory for each target.

`directory`  what is in it: `profiles.json`, `sha256sums`, manifests, images
"""
