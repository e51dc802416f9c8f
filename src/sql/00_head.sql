-- enablement_metrics--1.0.sql
\echo Use "CREATE EXTENSION enablement_metrics" to load this file. \quit

-- One file per type or concern, in the order of the file names; each uses only what stands above it.
