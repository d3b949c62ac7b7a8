"""From readings of the cloud and the cluster to an Inventory. Pure: nothing here reads or writes anything."""
