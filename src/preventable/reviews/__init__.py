"""What people decide: places, links looked up with names, weights learnt from their labels."""
